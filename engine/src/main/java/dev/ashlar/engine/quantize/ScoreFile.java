package dev.ashlar.engine.quantize;

import dev.ashlar.io.InputException;
import dev.ashlar.io.file.AtomicFile;
import dev.ashlar.io.json.Json;
import dev.ashlar.io.json.JsonWriter;
import dev.ashlar.tuning.autoscheme.SchemeOption;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How much each layer minds each scheme, kept so that another average costs nothing: one JSON
 * object with what the scores depend on and, by scheme, the scores by layer.
 */
final class ScoreFile {
  private static final String FACTS = "facts";
  private static final String SCORES = "scores";
  private static final long MOST_BYTES = 64L << 20;

  private final Path file;
  private final Map<String, String> facts;

  /** By scheme the scores by layer, as they are in the file. */
  private final Map<String, Object> scores;

  /**
   * Reads what an earlier run left.
   *
   * @param facts what scores depend on beside their scheme; a file with others counts as empty
   * @throws InputException if the file is something else than scores, which would be replaced
   */
  ScoreFile(Path file, Map<String, String> facts) {
    this.file = file;
    this.facts = facts;
    this.scores = new LinkedHashMap<>(kept());
  }

  /** The scores of a scheme, if a run with the same facts left them. */
  Optional<Map<String, Double>> find(SchemeOption option) {
    Object found = scores.get(option.description());
    if (!(found instanceof Map<?, ?>)) {
      return Optional.empty();
    }
    Map<String, Double> byLayer = new LinkedHashMap<>();
    Json.asObject(found, file.toString())
        .forEach(
            (layer, score) ->
                byLayer.put(layer, score instanceof Number n ? n.doubleValue() : Double.NaN));
    return Optional.of(byLayer);
  }

  /** The scores by scheme; none if there is no file, or one about something else. */
  private Map<String, Object> kept() {
    if (!Files.exists(file)) {
      return Map.of();
    }
    Map<String, Object> json = Json.readObject(file, MOST_BYTES);
    if (!(json.get(FACTS) instanceof Map<?, ?>) || !(json.get(SCORES) instanceof Map<?, ?>)) {
      throw new InputException(
          file + ": holds no scores of layers and is kept as it is; choose another name for them");
    }
    return facts.equals(json.get(FACTS))
        ? Json.asObject(json.get(SCORES), file.toString())
        : Map.of();
  }

  /**
   * Keeps scores beside those of other schemes with the same facts; those with others are
   * forgotten.
   *
   * @throws InputException if the file cannot be written
   */
  void add(List<SchemeOption> options, List<Map<String, Double>> measured) {
    for (int i = 0; i < options.size(); i++) {
      Map<String, Object> byLayer = new LinkedHashMap<>();
      measured
          .get(i)
          .forEach((layer, score) -> byLayer.put(layer, Double.isFinite(score) ? score : null));
      scores.put(options.get(i).description(), byLayer);
    }
    Map<String, Object> json = new LinkedHashMap<>();
    json.put(FACTS, new LinkedHashMap<>(facts));
    json.put(SCORES, scores);
    try {
      if (file.toAbsolutePath().getParent() != null) {
        Files.createDirectories(file.toAbsolutePath().getParent());
      }
    } catch (IOException e) {
      throw AtomicFile.cannotWrite(file, e);
    }
    AtomicFile.write(file, JsonWriter.pretty(json));
  }

  /** The options of which there are no scores yet. */
  List<SchemeOption> missing(List<SchemeOption> options) {
    List<SchemeOption> missing = new ArrayList<>();
    for (SchemeOption o : options) {
      if (!o.scheme().isFloat() && find(o).isEmpty()) {
        missing.add(o);
      }
    }
    return missing;
  }
}

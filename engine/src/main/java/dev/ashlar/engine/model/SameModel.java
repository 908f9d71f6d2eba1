package dev.ashlar.engine.model;

import dev.ashlar.formats.Checkpoints;
import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.io.InputException;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.DecoderSpec;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Whether a file says of a model what the model's own configuration says: a container may have no
 * room for a window, a scale or another order of the layers, and a reader would compute something
 * else without a word.
 */
public final class SameModel {
  /** Linear maps: what they are called and how they lie is each container's own. */
  private static final String LINEAR =
      "LinearSpec\\[(?:[^\\[\\]]|\\[(?:[^\\[\\]]|\\[[^\\[\\]]*\\])*\\])*\\]";

  /** Names, and how long texts may be, which files do not all say. */
  private static final Pattern BESIDE =
      Pattern.compile(
          LINEAR
              + "|(modelType|prefix|name|weight|bias|correction)=[^,\\]]*|maxPositions=\\d+"
              + "|corrections=\\{[^}]*\\}");

  private static final Pattern WORD = Pattern.compile("[^,\\[\\]{} ]+");

  /** Files hold numbers in single precision. */
  private static final double TOLERANCE = 1e-5;

  private SameModel() {}

  /**
   * Refuses a file that a reader takes for another model.
   *
   * @param format that it was written in, for the sentence
   * @throws InputException saying what would be read otherwise
   */
  public static void require(String format, DecoderSpec model, Path written) {
    try (Checkpoint again = Checkpoints.open(written)) {
      difference(model, Architectures.spec(again))
          .ifPresent(
              d -> {
                throw new InputException(
                    "format "
                        + format
                        + " cannot say all of this model: "
                        + d.getFirst()
                        + " would be read as "
                        + d.getLast()
                        + "; choose another format");
              });
    }
  }

  /** What would be read otherwise, if anything: what the model has and what the file says. */
  private static Optional<List<String>> difference(DecoderSpec model, DecoderSpec file) {
    List<String> a = words(model);
    List<String> b = words(file);
    for (int i = 0; i < Math.max(a.size(), b.size()); i++) {
      String x = i < a.size() ? a.get(i) : "nothing";
      String y = i < b.size() ? b.get(i) : "nothing";
      if (!same(x, y)) {
        return Optional.of(List.of(x, y));
      }
    }
    return Optional.empty();
  }

  private static List<String> words(DecoderSpec spec) {
    List<String> words = new ArrayList<>();
    Matcher m = WORD.matcher(BESIDE.matcher(spec.toString()).replaceAll(""));
    while (m.find()) {
      words.add(m.group());
    }
    return words;
  }

  private static boolean same(String x, String y) {
    if (x.equals(y)) {
      return true;
    }
    int at = x.indexOf('=') + 1;
    if (!x.substring(0, at).equals(y.substring(0, Math.min(at, y.length())))) {
      return false;
    }
    try {
      double p = Double.parseDouble(x.substring(at));
      double q = Double.parseDouble(y.substring(at));
      return Math.abs(p - q) <= TOLERANCE * Math.max(Math.abs(p), Math.abs(q));
    } catch (NumberFormatException e) {
      return false;
    }
  }
}

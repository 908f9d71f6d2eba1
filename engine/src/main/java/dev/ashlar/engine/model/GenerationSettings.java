package dev.ashlar.engine.model;

import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.io.InputException;
import dev.ashlar.io.json.Json;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/**
 * Where texts end by a model's {@code generation_config.json}, beside tokens that end them ({@link
 * Model#stopTokens}). How tokens are drawn is not taken from there.
 *
 * @param model what the model was opened from
 * @param newTokens {@code max_new_tokens}: tokens behind a prompt at most
 * @param length {@code max_length}: tokens of prompt and text together at most, where nothing is
 *     said of new ones
 * @param stopStrings {@code stop_strings}: a text ends before the first of these in it
 */
public record GenerationSettings(
    Path model, OptionalInt newTokens, OptionalInt length, List<String> stopStrings) {
  static final String FILE = "generation_config.json";

  private static final String STOPS = "stop_strings";

  public GenerationSettings {
    stopStrings = List.copyOf(stopStrings);
  }

  /** Those of a checkpoint, which is told of values that mean nothing. */
  static GenerationSettings of(Checkpoint checkpoint) {
    Map<String, Object> settings = checkpoint.generationConfig();
    return new GenerationSettings(
        checkpoint.path(),
        count(checkpoint, "max_new_tokens", settings),
        count(checkpoint, "max_length", settings),
        strings(checkpoint, settings.get(STOPS)));
  }

  private static OptionalInt count(
      Checkpoint checkpoint, String key, Map<String, Object> settings) {
    Object value = settings.get(key);
    if (value instanceof Number n && n.intValue() == n.doubleValue() && n.intValue() > 0) {
      return OptionalInt.of(n.intValue());
    }
    if (value != null) {
      ignored(checkpoint, key, value, "no number of tokens");
    }
    return OptionalInt.empty();
  }

  private static List<String> strings(Checkpoint checkpoint, Object value) {
    List<String> strings = new ArrayList<>();
    List<?> all =
        value instanceof List<?> several ? several : value == null ? List.of() : List.of(value);
    for (Object one : all) {
      if (one instanceof String text && !text.isEmpty()) {
        strings.add(text);
      } else {
        ignored(checkpoint, STOPS, one, "no text to end at");
      }
    }
    return strings;
  }

  private static void ignored(Checkpoint checkpoint, String key, Object value, String why) {
    checkpoint.note(
        key + value,
        FILE + ": " + key + " is " + Json.describe(value) + ", " + why + "; it is left out");
  }

  /**
   * Tokens that may follow a prompt.
   *
   * @param promptTokens of the prompt
   * @param otherwise where nothing is said
   * @throws InputException if the prompt leaves none
   */
  public int limit(int promptTokens, int otherwise) {
    if (newTokens.isPresent() || length.isEmpty()) {
      return newTokens.orElse(otherwise);
    }
    int left = length.getAsInt() - promptTokens;
    if (left < 1) {
      throw InputException.in(model)
          .place(FILE)
          .problem(
              "max_length is "
                  + length.getAsInt()
                  + " for prompt and text together, and the prompt has "
                  + promptTokens
                  + " tokens")
          .hint("say how many tokens may follow it")
          .exception();
    }
    return left;
  }
}

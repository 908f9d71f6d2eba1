package dev.ashlar.tuning.calibration;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;

/**
 * A data set as a command line names it: {@code name[:key=value]…}.
 *
 * @param name a file, or a registered name
 * @param splits parts of it; empty for the usual one
 * @param num samples to take; empty for an even share
 * @param concat whether documents are joined and cut into samples
 * @param chatTemplate whether conversations are rendered with the tokenizer's template
 * @param systemPrompt the system message for that, or empty
 */
public record DatasetSpec(
    String name,
    List<String> splits,
    OptionalInt num,
    boolean concat,
    boolean chatTemplate,
    String systemPrompt) {
  public DatasetSpec {
    splits = List.copyOf(splits);
  }

  /** The data set {@code name} with nothing said about it. */
  public static DatasetSpec of(String name) {
    return new DatasetSpec(name, List.of(), OptionalInt.empty(), false, false, "");
  }

  /**
   * Several data sets with commas between them, for example {@code
   * NeelNanda/pile-10k:num=64,./mine.json:concat:num=64}.
   *
   * @throws CalibrationException if a key is unknown or its value wrong
   */
  public static List<DatasetSpec> parse(String text) {
    List<DatasetSpec> all = new ArrayList<>();
    for (String part : text.split(",", -1)) {
      if (part.isBlank()) {
        throw new CalibrationException(text, "a data set has no name", "");
      }
      all.add(one(part.strip()));
    }
    return all;
  }

  private static DatasetSpec one(String text) {
    String[] parts = text.split(":", -1);
    DatasetSpec spec = of(parts[0]);
    for (int i = 1; i < parts.length; i++) {
      int equals = parts[i].indexOf('=');
      spec =
          equals < 0
              ? spec.withWord(parts[i])
              : spec.with(parts[i].substring(0, equals), parts[i].substring(equals + 1));
    }
    return spec;
  }

  /** A key without a value is a switch; anything else is the old short form of a list of splits. */
  private DatasetSpec withWord(String word) {
    return switch (word) {
      case "concat", "apply_chat_template" -> with(word, "true");
      case "" -> throw new CalibrationException(name, "an option is empty", "");
      default -> with("split", word);
    };
  }

  private DatasetSpec with(String key, String value) {
    return switch (key) {
      case "split" ->
          new DatasetSpec(
              name, List.of(value.split("\\+")), num, concat, chatTemplate, systemPrompt);
      case "num" ->
          new DatasetSpec(
              name, splits, OptionalInt.of(count(value)), concat, chatTemplate, systemPrompt);
      case "concat" ->
          new DatasetSpec(name, splits, num, truth(key, value), chatTemplate, systemPrompt);
      case "apply_chat_template" ->
          new DatasetSpec(name, splits, num, concat, truth(key, value), systemPrompt);
      case "system_prompt" -> new DatasetSpec(name, splits, num, concat, chatTemplate, value);
      default ->
          throw new CalibrationException(
              name,
              "unknown option '" + key + "'",
              "there are split, num, concat, apply_chat_template and system_prompt");
    };
  }

  private int count(String value) {
    try {
      int n = Integer.parseInt(value.strip());
      if (n > 0) {
        return n;
      }
    } catch (NumberFormatException e) {
      // Reported below, like a number that is not positive.
    }
    throw new CalibrationException(
        name, "num takes a positive number of samples, found '" + value + "'", "");
  }

  private boolean truth(String key, String value) {
    return switch (value.strip().toLowerCase(Locale.ROOT)) {
      case "true", "1" -> true;
      case "false", "0" -> false;
      default ->
          throw new CalibrationException(
              name, key + " takes true or false, found '" + value + "'", "");
    };
  }
}

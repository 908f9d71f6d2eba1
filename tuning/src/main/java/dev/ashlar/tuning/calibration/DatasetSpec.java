package dev.ashlar.tuning.calibration;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;

/**
 * A data set as a command line names it: {@code name[:key=value]…}. A comma or colon that is part
 * of a name or value has a backslash before it.
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
  /** What AutoRound tells a model before conversations that are about to be rendered. */
  private static final String SYSTEM_PROMPT = "You are a helpful assistant.";

  private static final char ESCAPE = '\\';

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
    for (String part : split(text, ',')) {
      if (part.isBlank()) {
        throw new CalibrationException(text, "a data set has no name", "");
      }
      all.add(one(part.strip()));
    }
    return all;
  }

  private static DatasetSpec one(String text) {
    List<String> parts = split(text, ':').stream().map(DatasetSpec::unescaped).toList();
    DatasetSpec spec = of(parts.getFirst());
    boolean told = false;
    for (String part : parts.subList(1, parts.size())) {
      int equals = part.indexOf('=');
      told |= part.startsWith("system_prompt=");
      spec =
          equals < 0
              ? spec.withWord(part)
              : spec.with(part.substring(0, equals), part.substring(equals + 1));
    }
    return spec.chatTemplate && !told ? spec.with("system_prompt", SYSTEM_PROMPT) : spec;
  }

  /** The parts between {@code mark}s that have no backslash before them, backslashes and all. */
  private static List<String> split(String text, char mark) {
    List<String> parts = new ArrayList<>();
    int from = 0;
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) == ESCAPE) {
        i++;
      } else if (text.charAt(i) == mark) {
        parts.add(text.substring(from, i));
        from = i + 1;
      }
    }
    parts.add(text.substring(from));
    return parts;
  }

  /** Without the backslashes before commas, colons and backslashes. */
  private static String unescaped(String text) {
    return text.replaceAll("\\\\([,:\\\\])", "$1");
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
      case "system_prompt" -> new DatasetSpec(name, splits, num, concat, true, value);
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

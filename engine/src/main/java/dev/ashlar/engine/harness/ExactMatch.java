package dev.ashlar.engine.harness;

import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Whether generated text has the right answer, by the harness's rules for GSM8K: an answer is what
 * a filter finds in the text; commas, dollar signs, everything up to {@code ####} and a full stop
 * at the end do not count, nor does case.
 */
final class ExactMatch {
  /** What ends an answer. */
  static final List<String> STOPS = List.of("Question:", "</s>", "<|im_end|>");

  /** Marks the answer in texts of GSM8K. */
  static final String MARK = "####";

  private static final Pattern STRICT = Pattern.compile("#### (\\-?[0-9\\.\\,]+)");
  private static final Pattern FLEXIBLE = Pattern.compile("(-?[$0-9.,]{2,})|(-?[0-9]+)");
  private static final String NONE = "[invalid]";

  private static final List<Pattern> IGNORED =
      List.of(
          Pattern.compile(","),
          Pattern.compile("\\$"),
          Pattern.compile("(?s).*#### "),
          Pattern.compile("\\.$"));

  private ExactMatch() {}

  /** The number behind the mark. */
  static boolean strict(String generated, String answer) {
    Matcher m = STRICT.matcher(generated);
    return same(m.find() ? PythonText.strip(m.group(1)) : NONE, answer);
  }

  /** The last number. */
  static boolean flexible(String generated, String answer) {
    Matcher m = FLEXIBLE.matcher(generated);
    String last = NONE;
    while (m.find()) {
      last = PythonText.strip(m.group(1) != null ? m.group(1) : m.group(2));
    }
    return same(last, answer);
  }

  /** All of it, but for white space around it. */
  static boolean whole(String generated, String answer) {
    return same(PythonText.strip(generated), PythonText.strip(answer));
  }

  private static boolean same(String found, String answer) {
    return bare(found).equals(bare(answer));
  }

  private static String bare(String text) {
    String bare = text;
    for (Pattern p : IGNORED) {
      bare = p.matcher(bare).replaceAll("");
    }
    return bare.toLowerCase(Locale.ROOT);
  }

  /** Text up to the first of the stops. */
  static String cut(String text, List<String> stops) {
    String cut = text;
    for (String stop : stops) {
      int at = cut.indexOf(stop);
      cut = at < 0 ? cut : cut.substring(0, at);
    }
    return cut;
  }
}

package dev.ashlar.engine.quantize;

import java.util.Locale;
import java.util.regex.Pattern;

/**
 * Makes JSON of what people type for it in a shell: words without quotes, Python's single quotes
 * and truth values, and backslashes that are meant as they stand.
 */
final class LooseJson {
  private static final Pattern NUMBER = Pattern.compile("-?\\d+(\\.\\d+)?");
  private static final String MARKS = "{}[]:,";

  private final String text;
  private final StringBuilder json = new StringBuilder();
  private int at;

  private LooseJson(String text) {
    this.text = text;
  }

  /** The text with quotes where JSON wants them; what is wrong beyond that stays wrong. */
  static String strict(String text) {
    LooseJson loose = new LooseJson(text);
    while (loose.at < text.length()) {
      loose.next();
    }
    return loose.json.toString();
  }

  private void next() {
    char c = text.charAt(at);
    if (c == '"' || c == '\'') {
      quoted(c);
    } else if (MARKS.indexOf(c) >= 0 || Character.isWhitespace(c)) {
      json.append(c);
      at++;
    } else {
      bare();
    }
  }

  private void quoted(char quote) {
    StringBuilder content = new StringBuilder();
    at++;
    while (at < text.length() && text.charAt(at) != quote) {
      boolean escape = text.charAt(at) == '\\' && at + 1 < text.length();
      char following = escape ? text.charAt(at + 1) : 0;
      if (escape && (following == quote || following == '\\')) {
        at++;
      }
      content.append(text.charAt(at++));
    }
    at++;
    string(content.toString());
  }

  private void bare() {
    int from = at;
    while (at < text.length()
        && MARKS.indexOf(text.charAt(at)) < 0
        && !Character.isWhitespace(text.charAt(at))) {
      at++;
    }
    String word = text.substring(from, at);
    switch (word.toLowerCase(Locale.ROOT)) {
      case "true" -> json.append("true");
      case "false" -> json.append("false");
      case "null", "none" -> json.append("null");
      default -> {
        if (NUMBER.matcher(word).matches()) {
          json.append(word);
        } else {
          string(word);
        }
      }
    }
  }

  private void string(String content) {
    json.append('"').append(content.replace("\\", "\\\\").replace("\"", "\\\"")).append('"');
  }
}

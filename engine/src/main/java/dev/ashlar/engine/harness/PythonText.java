package dev.ashlar.engine.harness;

/** What Python does to white space, on which prompts depend. */
final class PythonText {
  private PythonText() {}

  private static boolean isSpace(int c) {
    return Character.isWhitespace(c) || Character.isSpaceChar(c) || c == 0x85;
  }

  /** As {@code str.strip()}. */
  static String strip(String text) {
    int from = 0;
    while (from < text.length() && isSpace(text.charAt(from))) {
      from++;
    }
    return text.substring(from, Math.max(from, endOfText(text)));
  }

  /** Where white space at the end begins. */
  static int endOfText(String text) {
    int end = text.length();
    while (end > 0 && isSpace(text.charAt(end - 1))) {
      end--;
    }
    return end;
  }
}

package dev.ashlar.text.tokenizer.text;

/**
 * Alternatives of one character each as a class: {@code (?:a|b|\s)} is {@code [ab\s]}, which Java
 * repeats in a loop where it repeats alternatives by recursion, up to the end of its stack.
 */
final class SingleCharacters {
  private static final String OPEN = "(?:";

  private SingleCharacters() {}

  /** The class that matches as a group does, both in Java's syntax; null if there is none. */
  static String of(String group) {
    if (!group.startsWith(OPEN)) {
      return null;
    }
    String body = group.substring(OPEN.length(), group.length() - 1);
    StringBuilder members = new StringBuilder("[");
    int at = 0;
    int count = 0;
    while (at < body.length()) {
      int end = end(body, at);
      boolean last = end == body.length();
      if (end < 0 || !last && (body.charAt(end) != '|' || end + 1 == body.length())) {
        return null;
      }
      String member = body.substring(at, end);
      boolean literal = member.length() == 1 && !Character.isLetterOrDigit(member.charAt(0));
      members.append(literal && member.charAt(0) < 0x80 ? "\\" : "").append(member);
      at = last ? end : end + 1;
      count++;
    }
    return count < 2 ? null : members.append(']').toString();
  }

  /** The end of the single character, escape or class at {@code at}; -1 if it is something else. */
  private static int end(String body, int at) {
    char c = body.charAt(at);
    if (c == '[') {
      return classEnd(body, at);
    }
    if (c != '\\') {
      return ".^$()*+?{}|".indexOf(c) >= 0 ? -1 : at + Character.charCount(body.codePointAt(at));
    }
    if (at + 1 == body.length()) {
      return -1;
    }
    char escaped = body.charAt(at + 1);
    if (escaped == 'p' || escaped == 'P') {
      return body.indexOf('}', at) < 0 ? -1 : body.indexOf('}', at) + 1;
    }
    // Escapes of several characters, and those that match a place and not a character, are left.
    boolean single = "dDsStnrfea".indexOf(escaped) >= 0 || !Character.isLetterOrDigit(escaped);
    return single ? at + 1 + Character.charCount(body.codePointAt(at + 1)) : -1;
  }

  private static int classEnd(String body, int at) {
    int depth = 0;
    for (int i = at; i < body.length(); i++) {
      char c = body.charAt(i);
      if (c == '\\') {
        i++;
      } else if (c == '[') {
        depth++;
      } else if (c == ']' && --depth == 0) {
        return i + 1;
      }
    }
    return -1;
  }
}

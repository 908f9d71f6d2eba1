package dev.ashlar.text.jinja.syntax;

import dev.ashlar.text.jinja.value.TemplateException;

/** Backslashes in string literals, as Python reads them. */
final class Escapes {
  private static final String SIMPLE = "\\'\"abfnrtv";
  private static final String MEANING = "\\'\"\u0007\b\f\n\r\t\u000b";

  private final String s;
  private final StringBuilder out = new StringBuilder();
  private int at;

  private Escapes(String s) {
    this.s = s;
  }

  /** The text that a literal stands for; unknown escapes stay as they are. */
  static String resolve(String literal) {
    return literal.indexOf('\\') < 0 ? literal : new Escapes(literal).run();
  }

  private String run() {
    while (at < s.length()) {
      char c = s.charAt(at++);
      if (c == '\\' && at < s.length()) {
        escape(s.charAt(at++));
      } else {
        out.append(c);
      }
    }
    return out.toString();
  }

  private void escape(char c) {
    int simple = SIMPLE.indexOf(c);
    if (simple >= 0) {
      out.append(MEANING.charAt(simple));
    } else if (c >= '0' && c <= '7') {
      at--;
      int from = at;
      while (at < s.length() && at < from + 3 && s.charAt(at) >= '0' && s.charAt(at) <= '7') {
        at++;
      }
      out.appendCodePoint(Integer.parseInt(s.substring(from, at), 8));
    } else {
      switch (c) {
        case 'x' -> hex(2);
        case 'u' -> hex(4);
        case 'U' -> hex(8);
        case 'N' -> named();
        case '\n' -> {} // a line that goes on
        default -> out.append('\\').append(c);
      }
    }
  }

  private void hex(int digits) {
    int end = at + digits;
    if (end > s.length() || !s.substring(at, end).matches("[0-9a-fA-F]+")) {
      throw fault("a \\ escape in a string needs " + digits + " hexadecimal digits");
    }
    long point = Long.parseLong(s.substring(at, end), 16);
    if (point > Character.MAX_CODE_POINT) {
      throw fault("a \\U escape in a string is not a character");
    }
    out.appendCodePoint((int) point);
    at = end;
  }

  private void named() {
    int end = s.indexOf('}', at);
    if (at < s.length() && s.charAt(at) == '{' && end > at) {
      try {
        out.appendCodePoint(Character.codePointOf(s.substring(at + 1, end)));
        at = end + 1;
        return;
      } catch (IllegalArgumentException e) {
        throw fault("a \\N escape in a string names no character");
      }
    }
    throw fault("a \\N escape in a string needs a name in braces");
  }

  private static TemplateException fault(String problem) {
    return new TemplateException(TemplateException.Kind.SYNTAX, problem, 0);
  }
}

package dev.ashlar.text.jinja.syntax;

/**
 * A piece of a template.
 *
 * @param text as it is written, but for strings, whose content it is
 */
record Token(Kind kind, String text, int line) {
  /** What a token is. */
  enum Kind {
    /** Text outside all tags. */
    DATA,
    PRINT_BEGIN,
    PRINT_END,
    TAG_BEGIN,
    TAG_END,
    NAME,
    STRING,
    INTEGER,
    FLOAT,
    OPERATOR,
    END
  }

  boolean is(Kind k, String t) {
    return kind == k && text.equals(t);
  }

  boolean isName(String name) {
    return is(Kind.NAME, name);
  }

  boolean isOperator(String operator) {
    return is(Kind.OPERATOR, operator);
  }

  /** The token as a message shows it. */
  String shown() {
    return switch (kind) {
      case END -> "the end of the template";
      case PRINT_END, TAG_END -> "the end of the tag";
      case DATA -> "text";
      default -> "'" + text + "'";
    };
  }
}

package dev.ashlar.cli.bench.report;

/** HTML under construction. Text and values of attributes are escaped, whatever they are. */
final class Html {
  private final StringBuilder html = new StringBuilder();

  /** As it is: markup that is written here. */
  Html raw(String markup) {
    html.append(markup);
    return this;
  }

  /** Text between tags. */
  Html text(String text) {
    html.append(escape(text));
    return this;
  }

  /**
   * An opening tag.
   *
   * @param attributes names and values in turn
   */
  Html open(String tag, Object... attributes) {
    html.append('<').append(tag);
    for (int i = 0; i < attributes.length; i += 2) {
      html.append(' ').append(attributes[i]).append("=\"");
      html.append(escape(String.valueOf(attributes[i + 1]))).append('"');
    }
    html.append('>');
    return this;
  }

  Html close(String tag) {
    html.append("</").append(tag).append(">\n");
    return this;
  }

  /** An element that holds text alone. */
  Html element(String tag, String text, Object... attributes) {
    return open(tag, attributes).text(text).close(tag);
  }

  /** What a browser shows as that text, wherever it stands. */
  static String escape(String text) {
    StringBuilder escaped = new StringBuilder(text.length());
    for (int i = 0, c; i < text.length(); i += Character.charCount(c)) {
      c = text.codePointAt(i);
      switch (c) {
        case '&' -> escaped.append("&amp;");
        case '<' -> escaped.append("&lt;");
        case '>' -> escaped.append("&gt;");
        case '"' -> escaped.append("&quot;");
        case '\'' -> escaped.append("&#39;");
        default -> escaped.appendCodePoint(isText(c) ? c : '\ufffd');
      }
    }
    return escaped.toString();
  }

  private static boolean isText(int c) {
    int type = Character.getType(c);
    return c == '\n'
        || type != Character.CONTROL && type != Character.SURROGATE && type != Character.FORMAT;
  }

  @Override
  public String toString() {
    return html.toString();
  }
}

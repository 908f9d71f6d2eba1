package dev.ashlar.text.jinja.value;

/** Text marked as safe: plain text added to it is escaped. */
public record Markup(String text) {
  /** Text with the five characters that mean something in HTML replaced. */
  public static Markup escape(Object value, Rendering rendering) {
    if (value instanceof Markup safe) {
      return safe;
    }
    String text = Printer.str(rendering, value);
    StringBuilder s = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '&' -> s.append("&amp;");
        case '<' -> s.append("&lt;");
        case '>' -> s.append("&gt;");
        case '\'' -> s.append("&#39;");
        case '"' -> s.append("&#34;");
        default -> s.append(c);
      }
    }
    rendering.budget().text(s.length());
    return new Markup(s.toString());
  }

  @Override
  public String toString() {
    return text;
  }
}

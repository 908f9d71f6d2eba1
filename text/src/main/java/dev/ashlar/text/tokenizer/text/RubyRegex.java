package dev.ashlar.text.tokenizer.text;

import java.util.ArrayDeque;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * Translates the regular expressions of tokenizer files, written for Oniguruma with Ruby's syntax,
 * to {@link Pattern}.
 *
 * <p>Differences that matter: {@code {n,m}+} repeats the repetition there and is possessive here;
 * {@code (?m} means what {@code (?s} means here; {@code \h} is a hexadecimal digit; {@code \w}
 * follows Unicode's Alphabetic; {@code ^} and {@code $} always work by line; scripts are spelled
 * {@code \p{Han}}; POSIX brackets. Anything the translator does not know is refused, never guessed.
 */
public final class RubyRegex {
  private static final String WORD = "\\p{IsAlphabetic}\\p{M}\\p{Nd}\\p{Pc}²³¹¼½¾";
  private static final String SPACE =
      "\\t-\\r \\x{85}\\xA0\\x{1680}\\x{2000}-\\x{200A}"
          + "\\x{2028}\\x{2029}\\x{202F}\\x{205F}\\x{3000}";
  private static final Map<String, String> POSIX =
      Map.of(
          "alpha", "\\p{IsAlphabetic}",
          "digit", "\\p{Nd}",
          "alnum", "\\p{IsAlphabetic}\\p{Nd}",
          "upper", "\\p{IsUppercase}",
          "lower", "\\p{IsLowercase}",
          "space", SPACE,
          "word", WORD,
          "xdigit", "0-9A-Fa-f");
  private static final String SAME_ESCAPES = "dDsStnrfveaAzZbBGRXQE";

  private final String source;
  private final StringBuilder out = new StringBuilder();
  private int at;
  private int classDepth;
  private int atomStart;
  private boolean atomEndsInBraces;
  private final ArrayDeque<Integer> groups = new ArrayDeque<>();

  private RubyRegex(String source) {
    this.source = source;
  }

  /**
   * The pattern that matches as {@code source} does there.
   *
   * @throws PatternSyntaxException if it is ill-formed, or has a construct that is not translated
   */
  public static Pattern compile(String source) {
    return Pattern.compile(
        new RubyRegex(source).translate(),
        Pattern.MULTILINE
            | Pattern.UNIX_LINES
            | Pattern.UNICODE_CASE
            | Pattern.UNICODE_CHARACTER_CLASS);
  }

  private PatternSyntaxException unsupported(String what) {
    return new PatternSyntaxException(what, source, at);
  }

  private String translate() {
    while (at < source.length()) {
      char c = source.charAt(at);
      if (c == '\\') {
        beginAtom();
        escape();
      } else if (classDepth > 0) {
        inClass(c);
      } else {
        outsideClass(c);
      }
    }
    return out.toString();
  }

  private void beginAtom() {
    if (classDepth == 0) {
      atomStart = out.length();
      atomEndsInBraces = false;
    }
  }

  private void outsideClass(char c) {
    switch (c) {
      case '[' -> {
        beginAtom();
        openClass();
      }
      case '(' -> openGroup();
      case ')' -> {
        out.append(c);
        at++;
        atomStart = groups.isEmpty() ? out.length() - 1 : groups.pop();
        atomEndsInBraces = false;
        String members = SingleCharacters.of(out.substring(atomStart));
        if (members != null) {
          out.setLength(atomStart);
          out.append(members);
        }
      }
      case '{' -> braces();
      case '+', '*', '?' -> quantifier(c);
      default -> {
        beginAtom();
        int cp = source.codePointAt(at);
        if (c == '#') {
          out.append('\\');
        }
        out.appendCodePoint(cp);
        at += Character.charCount(cp);
      }
    }
  }

  private void quantifier(char c) {
    if (c == '+' && atomEndsInBraces) {
      // Ruby's {n,m}+ is the greedy repetition of a repetition.
      out.insert(atomStart, "(?:").append(")");
      atomEndsInBraces = false;
    }
    out.append(c);
    at++;
  }

  private void braces() {
    int close = source.indexOf('}', at);
    String body = close < 0 ? "" : source.substring(at + 1, close);
    if (!body.matches("\\d+(,\\d*)?|,\\d+")) {
      beginAtom();
      out.append("\\{");
      at++;
      return;
    }
    out.append('{').append(body.startsWith(",") ? "0" + body : body).append('}');
    at = close + 1;
    atomEndsInBraces = true;
  }

  private void openGroup() {
    groups.push(out.length());
    atomEndsInBraces = false;
    if (!source.startsWith("(?", at)) {
      out.append('(');
      at++;
      return;
    }
    for (String same : new String[] {"(?:", "(?=", "(?!", "(?>", "(?<=", "(?<!"}) {
      if (source.startsWith(same, at)) {
        out.append(same);
        at += same.length();
        return;
      }
    }
    int end = at + 2;
    while (end < source.length() && "imx-".indexOf(source.charAt(end)) >= 0) {
      end++;
    }
    if (end == at + 2
        || end == source.length()
        || source.charAt(end) != ':' && source.charAt(end) != ')') {
      throw unsupported("a group of this kind is not supported");
    }
    out.append(source.substring(at, end).replace('m', 's'));
    at = end;
    if (source.charAt(end) == ':') {
      out.append(':');
      at++;
    }
  }

  private void openClass() {
    out.append('[');
    classDepth++;
    at++;
    if (at < source.length() && source.charAt(at) == '^') {
      out.append('^');
      at++;
    }
    if (at < source.length() && source.charAt(at) == ']') {
      out.append("\\]");
      at++;
    }
  }

  private void inClass(char c) {
    if (c == '[') {
      if (source.startsWith("[:", at)) {
        posix();
      } else {
        openClass();
      }
      return;
    }
    if (c == ']') {
      classDepth--;
    } else if (c == '&' && !source.startsWith("&&", at) || c == '#' || c == ' ') {
      out.append('\\');
    }
    if (source.startsWith("&&", at)) {
      out.append('&');
      at++;
    }
    int cp = source.codePointAt(at);
    out.appendCodePoint(cp);
    at += Character.charCount(cp);
  }

  private void posix() {
    int close = source.indexOf(":]", at);
    String name = close < 0 ? "" : source.substring(at + 2, close);
    boolean negated = name.startsWith("^");
    String members = POSIX.get(negated ? name.substring(1) : name);
    if (members == null) {
      throw unsupported("the bracket [:" + name + ":] is not supported");
    }
    out.append(negated ? "[^" : "[").append(members).append(']');
    at = close + 2;
  }

  private void escape() {
    if (at + 1 >= source.length()) {
      throw unsupported("a backslash ends the pattern");
    }
    char c = source.charAt(at + 1);
    switch (c) {
      case 'p', 'P' -> property(c);
      case 'w' -> set("[" + WORD + "]");
      case 'W' -> set("[^" + WORD + "]");
      case 'h' -> set("[0-9A-Fa-f]");
      case 'H' -> set("[^0-9A-Fa-f]");
      case 's' -> set("[" + SPACE + "]");
      case 'S' -> set("[^" + SPACE + "]");
      case 'x', 'u' -> {
        out.append('\\').append(c);
        at += 2;
      }
      case 'Q', 'E' -> throw unsupported("\\" + c + " is not supported");
      default -> plainEscape(c);
    }
  }

  private void set(String members) {
    out.append(members);
    at += 2;
  }

  private void plainEscape(char c) {
    boolean letter = c < 0x80 && Character.isLetterOrDigit(c);
    if (letter && (SAME_ESCAPES.indexOf(c) < 0 || classDepth > 0 && "AzZbBGRX".indexOf(c) >= 0)) {
      throw unsupported("\\" + c + " is not supported here");
    }
    if (c == 'v') {
      out.append("\\x0B");
    } else if (c >= 0x80) {
      out.appendCodePoint(source.codePointAt(at + 1));
      at += Character.charCount(source.codePointAt(at + 1)) - 1;
    } else {
      out.append('\\').append(c);
    }
    at += 2;
  }

  private void property(char p) {
    int close = source.indexOf('}', at);
    if (!source.startsWith("{", at + 2) || close < 0) {
      throw unsupported("\\" + p + " without a name in braces");
    }
    String name = source.substring(at + 3, close);
    boolean negated = p == 'P' ^ name.startsWith("^");
    name = name.startsWith("^") ? name.substring(1) : name;
    out.append(negated ? "\\P{" : "\\p{").append(javaName(name)).append('}');
    at = close + 1;
  }

  private String javaName(String name) {
    if (name.matches("[LMNPSZC][a-zA-Z]?")) {
      return name;
    }
    if (name.equalsIgnoreCase("Alpha") || name.equalsIgnoreCase("Alphabetic")) {
      return "IsAlphabetic";
    }
    try {
      Character.UnicodeScript.forName(name);
      return "Is" + name;
    } catch (IllegalArgumentException e) {
      throw unsupported("the property " + name + " is not supported");
    }
  }
}

package dev.ashlar.text.jinja.syntax;

import dev.ashlar.text.jinja.syntax.Token.Kind;
import dev.ashlar.text.jinja.value.TemplateException;
import dev.ashlar.text.jinja.value.Text;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Cuts a template into tokens, with white space handled as Jinja does it under {@code trim_blocks}
 * (the line break after a tag goes) and {@code lstrip_blocks} (so does white space before a tag
 * that begins a line); {@code -} strips more, {@code +} keeps.
 */
final class Lexer {
  private static final Pattern LINE_BREAK = Pattern.compile("\r\n|\r|\n");
  private static final Pattern NUMBER =
      Pattern.compile(
          "(?<float>\\d+(?:_\\d+)*(?:(?:\\.\\d+(?:_\\d+)*)?[eE][+-]?\\d+(?:_\\d+)*"
              + "|\\.\\d+(?:_\\d+)*))"
              + "|0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|0[xX](?:_?[0-9a-fA-F])+|\\d+(?:_\\d+)*");
  private static final Pattern RAW = Pattern.compile("\\{%[-+]?\\s*raw\\s*(?:-%\\}\\s*|%\\})");
  private static final Pattern END_RAW = Pattern.compile("\\{%([-+]?)\\s*endraw\\s*([-+]?)%\\}");
  private static final List<String> OPERATORS =
      List.of(
          "//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{",
          "}", ">", "<", "=", ".", ":", "|", ",", ";");

  private final String source;
  private final List<Token> tokens = new ArrayList<>();
  private int at;
  private int line = 1;
  private int counted;

  private Lexer(String source) {
    this.source = source;
  }

  /** The tokens of a template, the last of kind {@code END}. */
  static List<Token> tokens(String template) {
    String source = LINE_BREAK.matcher(template).replaceAll("\n");
    Lexer lexer =
        new Lexer(source.endsWith("\n") ? source.substring(0, source.length() - 1) : source);
    lexer.run();
    return lexer.tokens;
  }

  private void run() {
    boolean lineStarts = true;
    while (at < source.length()) {
      int begin = nextTag();
      String data = source.substring(at, begin);
      if (begin == source.length()) {
        add(Kind.DATA, data, at);
        break;
      }
      char sign = begin + 2 < source.length() ? source.charAt(begin + 2) : ' ';
      boolean print = source.charAt(begin + 1) == '{';
      add(Kind.DATA, before(data, sign, !print, lineStarts), at);
      int start = begin + 2 + (sign == '-' || sign == '+' ? 1 : 0);
      Matcher raw = RAW.matcher(source).region(begin, source.length());
      if (source.charAt(begin + 1) == '#') {
        comment(begin);
      } else if (!print && raw.lookingAt()) {
        raw(begin, raw.end());
      } else {
        tag(begin, start, print);
      }
      lineStarts = at > 0 && source.charAt(at - 1) == '\n';
    }
    at = source.length();
    add(Kind.END, "", at);
  }

  private int nextTag() {
    for (int i = at; i + 1 < source.length(); i++) {
      if (source.charAt(i) == '{' && "{%#".indexOf(source.charAt(i + 1)) >= 0) {
        return i;
      }
    }
    return source.length();
  }

  /** The text before a tag without the white space that the tag takes away. */
  private static String before(String data, char sign, boolean strips, boolean lineStarts) {
    if (sign == '-') {
      return Text.strip(data, false, true);
    }
    if (sign == '+' || !strips) {
      return data;
    }
    int lastLine = data.lastIndexOf('\n') + 1;
    boolean blank = Text.strip(data.substring(lastLine), true, true).isEmpty();
    return blank && (lastLine > 0 || lineStarts) ? data.substring(0, lastLine) : data;
  }

  private void comment(int begin) {
    int end = source.indexOf("#}", begin + 2);
    if (end < 0) {
      at = begin;
      throw fault("a comment has no end");
    }
    at = end + 2;
    after(source.charAt(end - 1), true);
  }

  private void raw(int begin, int content) {
    Matcher end = END_RAW.matcher(source);
    if (!end.find(content)) {
      at = begin;
      throw fault("the tag 'raw' has no 'endraw'");
    }
    String data = source.substring(content, end.start());
    char sign = end.group(1).isEmpty() ? ' ' : end.group(1).charAt(0);
    boolean lineStarts = source.charAt(content - 1) == '\n';
    add(Kind.DATA, before(data, sign, true, lineStarts), content);
    at = end.end();
    after(end.group(2).isEmpty() ? ' ' : end.group(2).charAt(0), true);
  }

  /** Goes past the white space that the end of a tag takes away. */
  private void after(char sign, boolean trims) {
    if (sign == '-') {
      while (at < source.length() && Text.isSpace(source.charAt(at))) {
        at++;
      }
    } else if (sign != '+' && trims && at < source.length() && source.charAt(at) == '\n') {
      at++;
    }
  }

  private void tag(int begin, int start, boolean print) {
    add(print ? Kind.PRINT_BEGIN : Kind.TAG_BEGIN, print ? "{{" : "{%", begin);
    String close = print ? "}}" : "%}";
    Deque<Character> open = new ArrayDeque<>();
    at = start;
    while (true) {
      while (at < source.length() && Text.isSpace(source.charAt(at))) {
        at++;
      }
      if (at == source.length()) {
        at = begin;
        throw fault("a tag has no end '" + close + "'");
      }
      char c = source.charAt(at);
      boolean signed = c == '-' || c == '+' && !print;
      if (open.isEmpty() && source.startsWith(close, signed ? at + 1 : at)) {
        add(print ? Kind.PRINT_END : Kind.TAG_END, close, at);
        at += signed ? 3 : 2;
        after(signed ? c : ' ', !print);
        return;
      }
      token(c, open);
    }
  }

  private void token(char c, Deque<Character> open) {
    int from = at;
    if (c == '\'' || c == '"') {
      string(c);
    } else if (c >= '0' && c <= '9') {
      Matcher number = NUMBER.matcher(source).region(at, source.length());
      number.lookingAt();
      at = number.end();
      // In "a.0.1" the dots are attributes.
      boolean attribute = !tokens.isEmpty() && tokens.getLast().isOperator(".");
      if (attribute && number.group("float") != null) {
        at = from + 1;
        while (at < source.length() && Character.isDigit(source.charAt(at))) {
          at++;
        }
        add(Kind.INTEGER, source.substring(from, at), from);
        return;
      }
      add(number.group("float") != null ? Kind.FLOAT : Kind.INTEGER, number.group(), from);
    } else if (Character.isUnicodeIdentifierStart(source.codePointAt(at)) || c == '_') {
      while (at < source.length() && isNamePart(source.codePointAt(at))) {
        at += Character.charCount(source.codePointAt(at));
      }
      add(Kind.NAME, source.substring(from, at), from);
    } else {
      operator(open);
    }
  }

  private static boolean isNamePart(int c) {
    return c == '_' || Character.isUnicodeIdentifierPart(c) && !Character.isIdentifierIgnorable(c);
  }

  private void operator(Deque<Character> open) {
    for (String operator : OPERATORS) {
      if (source.startsWith(operator, at)) {
        char c = operator.charAt(0);
        if ("([{".indexOf(c) >= 0) {
          open.push(c == '(' ? ')' : c == '[' ? ']' : '}');
        } else if (")]}".indexOf(c) >= 0 && (open.isEmpty() || open.pop() != c)) {
          throw fault("unexpected '" + c + "'");
        }
        add(Kind.OPERATOR, operator, at);
        at += operator.length();
        return;
      }
    }
    throw fault("unexpected character '" + Character.toString(source.codePointAt(at)) + "'");
  }

  private void string(char mark) {
    int from = at++;
    while (at < source.length() && source.charAt(at) != mark) {
      at += source.charAt(at) == '\\' ? 2 : 1;
    }
    if (at >= source.length()) {
      at = from;
      throw fault("a string has no end");
    }
    add(Kind.STRING, Escapes.resolve(source.substring(from + 1, at)), from);
    at++;
  }

  private void add(Kind kind, String text, int from) {
    if (kind != Kind.DATA || !text.isEmpty()) {
      tokens.add(new Token(kind, text, lineOf(from)));
    }
  }

  private int lineOf(int index) {
    for (; counted < index; counted++) {
      if (source.charAt(counted) == '\n') {
        line++;
      }
    }
    return line;
  }

  private TemplateException fault(String problem) {
    return new TemplateException(TemplateException.Kind.SYNTAX, problem, lineOf(at));
  }
}

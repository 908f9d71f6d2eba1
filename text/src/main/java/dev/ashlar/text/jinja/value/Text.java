package dev.ashlar.text.jinja.value;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.function.IntPredicate;

/** Text as Python sees it: a sequence of code points, with Unicode's white space. */
public final class Text {
  private Text() {}

  /** The number of code points. */
  public static int length(String s) {
    return s.codePointCount(0, s.length());
  }

  /** Whether every code point is one char. */
  private static boolean isFlat(String s) {
    return length(s) == s.length();
  }

  /** The code point at {@code i}, counted from 0, as text. */
  static String at(String s, int i) {
    int from = s.offsetByCodePoints(0, i);
    return s.substring(from, s.offsetByCodePoints(from, 1));
  }

  /** The code points from {@code from} to before {@code to}. */
  public static String sub(String s, int from, int to) {
    if (isFlat(s)) {
      return s.substring(from, to);
    }
    int start = s.offsetByCodePoints(0, from);
    return s.substring(start, s.offsetByCodePoints(start, to - from));
  }

  /** The code points, each as text. */
  static Iterator<Object> characters(String s) {
    return s.codePoints().mapToObj(c -> (Object) Character.toString(c)).iterator();
  }

  /** The order of code points. */
  public static int compare(String a, String b) {
    int n = Math.min(a.length(), b.length());
    for (int i = 0; i < n; i++) {
      char x = a.charAt(i);
      char y = b.charAt(i);
      if (x != y) {
        boolean surrogates = Character.isSurrogate(x) != Character.isSurrogate(y);
        return surrogates ? (Character.isSurrogate(x) ? 1 : -1) : Character.compare(x, y);
      }
    }
    return Integer.compare(a.length(), b.length());
  }

  /** Whether a code point is white space to {@code str.strip}. */
  public static boolean isSpace(int c) {
    return c >= 9 && c <= 13
        || c >= 0x1c && c <= 0x20
        || c == 0x85
        || c == 0xa0
        || c == 0x1680
        || c >= 0x2000 && c <= 0x200a
        || c == 0x2028
        || c == 0x2029
        || c == 0x202f
        || c == 0x205f
        || c == 0x3000;
  }

  /**
   * The text without what it begins or ends with.
   *
   * @param characters what to remove; null for white space
   */
  public static String strip(
      String s, String characters, boolean left, boolean right, Budget budget) {
    budget.scan(s.length());
    return characters == null
        ? strip(s, left, right)
        : strip(s, oneOf(characters, budget), left, right);
  }

  /** The text without white space at its ends. */
  public static String strip(String s, boolean left, boolean right) {
    return strip(s, Text::isSpace, left, right);
  }

  private static String strip(String s, IntPredicate out, boolean left, boolean right) {
    int from = 0;
    int to = s.length();
    while (left && from < to && out.test(s.codePointAt(from))) {
      from += Character.charCount(s.codePointAt(from));
    }
    while (right && to > from && out.test(s.codePointBefore(to))) {
      to -= Character.charCount(s.codePointBefore(to));
    }
    return s.substring(from, to);
  }

  private static IntPredicate oneOf(String characters, Budget budget) {
    int[] members = Search.members(characters, budget);
    return c -> Arrays.binarySearch(members, c) >= 0;
  }

  /** The words between white space, at most {@code most} cuts from the left; -1: all. */
  public static List<Object> words(String s, int most) {
    List<Object> parts = new ArrayList<>();
    int at = 0;
    while (true) {
      while (at < s.length() && isSpace(s.charAt(at))) {
        at++;
      }
      if (at == s.length()) {
        return parts;
      }
      if (parts.size() == most) {
        parts.add(s.substring(at));
        return parts;
      }
      int from = at;
      while (at < s.length() && !isSpace(s.charAt(at))) {
        at++;
      }
      parts.add(s.substring(from, at));
    }
  }

  /** The same from the right. */
  public static List<Object> wordsFromRight(String s, int most) {
    List<Object> parts = new ArrayList<>();
    int at = s.length();
    while (true) {
      while (at > 0 && isSpace(s.charAt(at - 1))) {
        at--;
      }
      if (at == 0) {
        return parts.reversed();
      }
      if (parts.size() == most) {
        parts.add(s.substring(0, at));
        return parts.reversed();
      }
      int to = at;
      while (at > 0 && !isSpace(s.charAt(at - 1))) {
        at--;
      }
      parts.add(s.substring(at, to));
    }
  }

  /** The parts between separators. */
  public static List<Object> split(String s, String separator, int most, Budget budget) {
    requireSeparator(separator);
    Search search = new Search(separator, budget);
    List<Object> parts = new ArrayList<>();
    int at = 0;
    int next;
    while (parts.size() != most && (next = search.next(s, at)) >= 0) {
      parts.add(s.substring(at, next));
      at = next + separator.length();
    }
    parts.add(s.substring(at));
    return parts;
  }

  /** The same, cutting from the right. */
  public static List<Object> splitFromRight(String s, String separator, int most, Budget budget) {
    requireSeparator(separator);
    Search search = new Search(separator, budget);
    List<Object> parts = new ArrayList<>();
    int to = s.length();
    while (parts.size() != most && to >= separator.length()) {
      int next = search.previous(s, to - separator.length());
      if (next < 0) {
        break;
      }
      parts.add(s.substring(next + separator.length(), to));
      to = next;
    }
    parts.add(s.substring(0, to));
    return parts.reversed();
  }

  private static void requireSeparator(String separator) {
    if (separator.isEmpty()) {
      throw new TemplateException("empty separator");
    }
  }

  /** The lines, however they end. */
  public static List<Object> lines(String s, boolean keepEnds) {
    List<Object> lines = new ArrayList<>();
    int from = 0;
    int at = 0;
    while (at < s.length()) {
      char c = s.charAt(at++);
      if (isLineEnd(c)) {
        int end = at - 1;
        if (c == '\r' && at < s.length() && s.charAt(at) == '\n') {
          at++;
        }
        lines.add(s.substring(from, keepEnds ? at : end));
        from = at;
      }
    }
    if (from < s.length()) {
      lines.add(s.substring(from));
    }
    return lines;
  }

  private static boolean isLineEnd(char c) {
    return c >= 10 && c <= 13 || c >= 0x1c && c <= 0x1e || c == 0x85 || c == 0x2028 || c == 0x2029;
  }

  /** {@code old} replaced, at most {@code most} times from the left; -1: everywhere. */
  public static String replace(String s, String old, String replacement, int most, Budget budget) {
    StringBuilder out = new StringBuilder();
    Search search = new Search(old, budget);
    int at = 0;
    int done = 0;
    budget.text(s.length());
    while (done != most) {
      int next = at > s.length() ? -1 : search.next(s, at);
      if (next < 0) {
        break;
      }
      if (old.isEmpty() && done > 0) {
        // Between the code points: the empty text was found again where it was.
        int point = at < s.length() ? s.offsetByCodePoints(at, 1) : -1;
        if (point < 0) {
          break;
        }
        out.append(s, at, point);
        next = point;
        at = point;
      }
      out.append(s, at, next).append(replacement);
      at = next + old.length();
      done++;
      budget.grown(out.length(), replacement.length());
    }
    return out.append(s, Math.min(at, s.length()), s.length()).toString();
  }

  /** {@code s} repeated. */
  static String repeat(String s, long times, Budget budget) {
    if (times <= 0 || s.isEmpty()) {
      return "";
    }
    budget.text(times > Budget.LONGEST_TEXT ? times : s.length() * times);
    return s.repeat((int) times);
  }

  /** A code point as the first letter of a title. */
  public static String titleCase(int c) {
    if (Character.toTitleCase(c) != c) {
      return Character.toString(Character.toTitleCase(c));
    }
    // One that becomes several, as the sharp s does: only the first of them is large.
    String upper = Character.toString(c).toUpperCase(java.util.Locale.ROOT);
    int first = upper.offsetByCodePoints(0, 1);
    return upper.substring(0, first) + upper.substring(first).toLowerCase(java.util.Locale.ROOT);
  }

  /** First letter upper, the others lower. */
  public static String capitalize(String s) {
    if (s.isEmpty()) {
      return s;
    }
    int first = s.offsetByCodePoints(0, 1);
    return titleCase(s.codePointAt(0)) + s.substring(first).toLowerCase(java.util.Locale.ROOT);
  }

  /** Spaces or {@code fill} around a text of fewer than {@code width} code points. */
  public static String pad(
      String s, long width, String fill, boolean left, boolean right, Budget budget) {
    budget.scan(s.length());
    long missing = width - length(s);
    if (missing <= 0) {
      return s;
    }
    budget.text(s.length() + missing);
    // Where both sides grow, Python gives the odd one to the left if the width is odd.
    long before = !left ? 0 : !right ? missing : missing / 2 + (missing & width & 1);
    return fill.repeat((int) before) + s + fill.repeat((int) (missing - before));
  }
}

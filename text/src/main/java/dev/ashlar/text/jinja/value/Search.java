package dev.ashlar.text.jinja.value;

import java.util.Arrays;

/**
 * Finds a text in others in time linear in both, whatever they are, and pays for it.
 *
 * <p>Knuth, Morris and Pratt, "Fast Pattern Matching in Strings", 1977; short texts go to the JDK's
 * search, whose worst case is their product.
 */
public final class Search {
  /** Up to this length the product is as good as linear. */
  private static final int SHORT = 16;

  private final String part;
  private final Budget budget;
  private final int[] borders;

  /** The search for {@code part}. */
  public Search(String part, Budget budget) {
    this.part = part;
    this.budget = budget;
    budget.text(part.length());
    borders = part.length() <= SHORT ? null : borders(part);
  }

  /** For each prefix, the length of the longest text that it begins and ends with. */
  private static int[] borders(String part) {
    int[] borders = new int[part.length()];
    int length = 0;
    for (int i = 1; i < borders.length; i++) {
      while (length > 0 && part.charAt(i) != part.charAt(length)) {
        length = borders[length - 1];
      }
      length += part.charAt(i) == part.charAt(length) ? 1 : 0;
      borders[i] = length;
    }
    return borders;
  }

  /** The first place at {@code from} or behind it, or -1. */
  public int next(String text, int from) {
    int found = borders == null ? text.indexOf(part, from) : scan(text, from);
    budget.scan((long) (found < 0 ? text.length() : found) - from);
    return found;
  }

  private int scan(String text, int from) {
    int length = 0;
    for (int i = from; i < text.length(); i++) {
      while (length > 0 && text.charAt(i) != part.charAt(length)) {
        length = borders[length - 1];
      }
      length += text.charAt(i) == part.charAt(length) ? 1 : 0;
      if (length == part.length()) {
        return i + 1 - length;
      }
    }
    return -1;
  }

  /** The last place that begins at {@code from} or before it, or -1. */
  public int previous(String text, int from) {
    if (borders == null) {
      int found = text.lastIndexOf(part, from);
      budget.scan((long) from - Math.max(0, found));
      return found;
    }
    // Reversed, the last is the first; long separators sought from the right are rare.
    int end = Math.clamp((long) from + part.length(), 0, text.length());
    String reversed = new StringBuilder(text.substring(0, end)).reverse().toString();
    budget.text(end);
    int found = new Search(new StringBuilder(part).reverse().toString(), budget).next(reversed, 0);
    return found < 0 ? -1 : end - found - part.length();
  }

  /** Whether it is in {@code text}. */
  public boolean isIn(String text) {
    return next(text, 0) >= 0;
  }

  /** The code points of a text, sorted, so that each can be looked up at once. */
  static int[] members(String characters, Budget budget) {
    budget.text(characters.length());
    int[] members = characters.codePoints().distinct().toArray();
    Arrays.sort(members);
    return members;
  }
}

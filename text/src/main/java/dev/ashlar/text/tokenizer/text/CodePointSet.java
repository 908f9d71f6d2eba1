package dev.ashlar.text.tokenizer.text;

import java.util.Arrays;

/** A set of code points written as ranges, such as {@code "7FD,897-89F"}. */
public final class CodePointSet {
  private final int[] firsts;
  private final int[] lasts;

  private CodePointSet(int[] firsts, int[] lasts) {
    this.firsts = firsts;
    this.lasts = lasts;
  }

  /** The set of ascending hexadecimal ranges, separated by commas. */
  public static CodePointSet of(String ranges) {
    String[] parts = ranges.split(",");
    int[] firsts = new int[parts.length];
    int[] lasts = new int[parts.length];
    for (int i = 0; i < parts.length; i++) {
      int dash = parts[i].indexOf('-');
      String last = parts[i].substring(dash + 1);
      firsts[i] = Integer.parseInt(dash < 0 ? last : parts[i].substring(0, dash), 16);
      lasts[i] = Integer.parseInt(last, 16);
    }
    return new CodePointSet(firsts, lasts);
  }

  /** Whether the code point is in the set. */
  public boolean contains(int codePoint) {
    if (codePoint < firsts[0]) {
      return false;
    }
    int i = Arrays.binarySearch(firsts, codePoint);
    return i >= 0 || codePoint <= lasts[-i - 2];
  }
}

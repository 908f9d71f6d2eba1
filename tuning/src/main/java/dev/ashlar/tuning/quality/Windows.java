package dev.ashlar.tuning.quality;

import java.util.Arrays;

/**
 * Consecutive windows of equal length that do not overlap; what is left at the end is not used.
 *
 * @param ids the text, tokenized once without special tokens
 * @param length tokens of each window
 * @param count windows
 */
record Windows(int[] ids, int length, int count) {
  /**
   * @param limit windows at most; 0 or less for all
   * @throws IllegalArgumentException if there is not one whole window of at least two tokens
   */
  static Windows of(int[] ids, int length, int limit) {
    if (length < 2) {
      throw new IllegalArgumentException("a window needs at least 2 tokens: " + length);
    }
    int whole = ids.length / length;
    if (whole == 0) {
      throw new IllegalArgumentException(
          "the text has " + ids.length + " tokens, fewer than one window of " + length);
    }
    return new Windows(ids, length, limit > 0 ? Math.min(limit, whole) : whole);
  }

  int[] window(int i) {
    return Arrays.copyOfRange(ids, i * length, (i + 1) * length);
  }

  /** For each position the token after it; −1 at the last. */
  static int[] targets(int[] window) {
    int[] targets = new int[window.length];
    System.arraycopy(window, 1, targets, 0, window.length - 1);
    targets[window.length - 1] = -1;
    return targets;
  }
}

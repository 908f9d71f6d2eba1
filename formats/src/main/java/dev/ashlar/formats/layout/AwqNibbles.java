package dev.ashlar.formats.layout;

/**
 * The order of eight 4-bit values in an AWQ word: nibble {@code p} (bits {@code 4p…4p+3}) holds
 * channel {@code ORDER[p]} of the eight (docs/formats.md, AWQ).
 */
final class AwqNibbles {
  /** Values in a word. */
  static final int PER_WORD = 8;

  private static final int[] ORDER = {0, 2, 4, 6, 1, 3, 5, 7};

  private AwqNibbles() {}

  /** Packs the eight codes at {@code from, from + stride, …}. */
  static int pack(byte[] codes, int from, int stride) {
    int word = 0;
    for (int p = 0; p < PER_WORD; p++) {
      word |= (codes[from + ORDER[p] * stride] & 15) << (4 * p);
    }
    return word;
  }

  /** Stores the eight codes of {@code word} at {@code from, from + stride, …}. */
  static void unpack(int word, byte[] codes, int from, int stride) {
    for (int p = 0; p < PER_WORD; p++) {
      codes[from + ORDER[p] * stride] = (byte) ((word >>> (4 * p)) & 15);
    }
  }
}

package dev.ashlar.formats.layout;

/**
 * A dense little-endian bit stream in 32-bit words: value {@code i} occupies bits {@code [b·i, b·i
 * + b)} of the stream, and bit {@code p} of the stream is bit {@code p mod 32} of word {@code p /
 * 32}.
 *
 * <p>For 2, 4 and 8 bits this is "32/b values a word, lowest first"; for 3 bits, 32 values fill
 * exactly three words and two of them straddle a word boundary (docs/formats.md, GPTQ).
 */
final class BitStream {
  private BitStream() {}

  /** Words that {@code count} values of {@code bits} bits occupy. */
  static long words(long count, int bits) {
    return Math.addExact(Math.multiplyExact(count, bits), 31) / 32;
  }

  /**
   * Packs {@code count} codes into {@code words} from {@code wordFrom}; the last word is padded
   * with zero bits.
   *
   * @param codes unsigned codes; only their low {@code bits} bits are stored
   * @param from index of the first code
   * @param stride distance from one code to the next
   */
  static void pack(
      byte[] codes, int from, int stride, int count, int bits, int[] words, int wordFrom) {
    int mask = (1 << bits) - 1;
    long buffer = 0;
    int filled = 0;
    int w = wordFrom;
    int source = from;
    for (int i = 0; i < count; i++, source += stride) {
      buffer |= (long) (codes[source] & mask) << filled;
      filled += bits;
      if (filled >= 32) {
        words[w++] = (int) buffer;
        buffer >>>= 32;
        filled -= 32;
      }
    }
    if (filled > 0) {
      words[w] = (int) buffer;
    }
  }

  /** The inverse of {@link #pack}: reads {@code count} codes from {@code words}. */
  static void unpack(
      int[] words, int wordFrom, int count, int bits, byte[] codes, int from, int stride) {
    int mask = (1 << bits) - 1;
    long buffer = 0;
    int held = 0;
    int w = wordFrom;
    int target = from;
    for (int i = 0; i < count; i++, target += stride) {
      if (held < bits) {
        buffer |= (words[w++] & 0xFFFF_FFFFL) << held;
        held += 32;
      }
      codes[target] = (byte) (buffer & mask);
      buffer >>>= bits;
      held -= bits;
    }
  }
}

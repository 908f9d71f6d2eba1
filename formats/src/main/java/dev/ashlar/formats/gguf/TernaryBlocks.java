package dev.ashlar.formats.gguf;

import static dev.ashlar.formats.gguf.GgufBlock.Words.half;

/**
 * The 256-element blocks of values −d, 0 and d.
 *
 * <pre>
 *   TQ1_0   54 bytes   qs[48] (five base-3 digits a byte), qh[4] (four), f16 d
 *   TQ2_0   66 bytes   qs[64] (four two-bit codes a byte), f16 d
 * </pre>
 *
 * A TQ1_0 byte is its digits as a fraction of 256: multiplying by 3 moves the next digit above bit
 * 8. Digit n of the first 32 bytes is element 32n + j, of the next 16 element 160 + 16n + j, of the
 * last four element 240 + 4n + j.
 */
final class TernaryBlocks {
  private static final int[] POWERS = {1, 3, 9, 27, 81};

  private TernaryBlocks() {}

  static void tq1(byte[] src, int from, float[] dst, int to) {
    float d = half(src, from + 52);
    digits(src, from, 32, 5, d, dst, to);
    digits(src, from + 32, 16, 5, d, dst, to + 160);
    digits(src, from + 48, 4, 4, d, dst, to + 240);
  }

  private static void digits(
      byte[] src, int at, int bytes, int digits, float d, float[] dst, int to) {
    for (int n = 0; n < digits; n++) {
      for (int j = 0; j < bytes; j++) {
        int rest = src[at + j] * POWERS[n] & 0xFF;
        dst[to + n * bytes + j] = d * ((rest * 3 >> 8) - 1);
      }
    }
  }

  static void tq2(byte[] src, int from, float[] dst, int to) {
    float d = half(src, from + 64);
    for (int i = 0; i < 256; i++) {
      dst[to + i] = d * (SuperBlocks.twoBits(src, from, i) - 1);
    }
  }
}

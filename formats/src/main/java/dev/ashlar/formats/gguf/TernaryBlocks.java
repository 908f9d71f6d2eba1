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

  static final WholeBlocks TQ1_0 = new WholeBlocks(256, 256, 2, 1, TernaryBlocks::tq1);
  static final WholeBlocks TQ2_0 = new WholeBlocks(256, 256, 2, 1, TernaryBlocks::tq2);

  private TernaryBlocks() {}

  private static void tq1(byte[] src, int from, byte[] codes, int at, float[] scales, int s) {
    scales[s] = half(src, from + 52);
    digits(src, from, 32, 5, codes, at);
    digits(src, from + 32, 16, 5, codes, at + 160);
    digits(src, from + 48, 4, 4, codes, at + 240);
  }

  private static void digits(byte[] src, int from, int bytes, int digits, byte[] codes, int at) {
    for (int n = 0; n < digits; n++) {
      for (int j = 0; j < bytes; j++) {
        int rest = src[from + j] * POWERS[n] & 0xFF;
        codes[at + n * bytes + j] = (byte) (rest * 3 >> 8);
      }
    }
  }

  private static void tq2(byte[] src, int from, byte[] codes, int at, float[] scales, int s) {
    scales[s] = half(src, from + 64);
    for (int i = 0; i < 256; i++) {
      codes[at + i] = (byte) SuperBlocks.twoBits(src, from, i);
    }
  }
}

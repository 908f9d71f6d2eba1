package dev.ashlar.formats.gguf;

import static dev.ashlar.formats.gguf.GgufBlock.Words.half;
import static dev.ashlar.formats.gguf.GgufBlock.Words.nibble;
import static dev.ashlar.formats.gguf.GgufBlock.Words.u16;

import dev.ashlar.tensor.quant.FloatFormat;

/**
 * Blocks whose four-bit codes select from a table of 16 values.
 *
 * <pre>
 *   IQ4_NL   32 elements,  18 bytes   f16 d, qs[16]                        d·v[q]
 *   IQ4_XS  256 elements, 136 bytes   f16 d, u16 high, low[4], qs[128]     d·(sc − 32)·v[q]
 *   MXFP4    32 elements,  17 bytes   u8 e, qs[16]                         2^(e − 127)·e2m1[q]
 *   NVFP4    64 elements,  36 bytes   u8 scale[4] (E4M3), qs[32]           scale·e2m1[q]
 * </pre>
 *
 * Nibbles lie as in {@link SmallBlocks}: the low halves of a sub-block's bytes are its first
 * elements. Values of E2M1 are halves, so that a scale is halved and they are whole.
 */
final class CodebookBlocks {
  /** The non-linear codebook of IQ4_NL and IQ4_XS (ggml, {@code kvalues_iq4nl}). */
  static final float[] NON_LINEAR = {
    -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113
  };

  private static final int LOWEST = 127;
  private static final byte[] NON_LINEAR_CODES = codes(NON_LINEAR, 1, LOWEST);

  /** Twice the largest value of E2M1. */
  private static final int TWELVE = 12;

  private static final byte[] E2M1_CODES = codes(FloatFormat.E2M1.table(), 2, TWELVE);

  static final WholeBlocks IQ4_NL = new WholeBlocks(32, 32, 8, LOWEST, CodebookBlocks::iq4nl);
  static final WholeBlocks IQ4_XS = new WholeBlocks(256, 32, 8, LOWEST, CodebookBlocks::iq4xs);
  static final WholeBlocks MXFP4 = new WholeBlocks(32, 32, 5, TWELVE, CodebookBlocks::mxfp4);
  static final WholeBlocks NVFP4 = new WholeBlocks(64, 16, 5, TWELVE, CodebookBlocks::nvfp4);

  private CodebookBlocks() {}

  private static byte[] codes(float[] table, int factor, int zero) {
    byte[] codes = new byte[table.length];
    for (int i = 0; i < codes.length; i++) {
      codes[i] = (byte) (table[i] * factor + zero);
    }
    return codes;
  }

  private static void iq4nl(byte[] src, int from, byte[] codes, int at, float[] scales, int s) {
    scales[s] = half(src, from);
    select(NON_LINEAR_CODES, src, from + 2, 16, codes, at);
  }

  private static void iq4xs(byte[] src, int from, byte[] codes, int at, float[] scales, int s) {
    float d = half(src, from);
    int high = u16(src, from + 2);
    for (int sub = 0; sub < 8; sub++) {
      int scale = nibble(src, from + 4, sub) | (high >> 2 * sub & 3) << 4;
      scales[s + sub] = d * (scale - 32);
      select(NON_LINEAR_CODES, src, from + 8 + 16 * sub, 16, codes, at + 32 * sub);
    }
  }

  private static void mxfp4(byte[] src, int from, byte[] codes, int at, float[] scales, int s) {
    scales[s] = Math.scalb(1f, (src[from] & 0xFF) - 128);
    select(E2M1_CODES, src, from + 1, 16, codes, at);
  }

  private static void nvfp4(byte[] src, int from, byte[] codes, int at, float[] scales, int s) {
    for (int sub = 0; sub < 4; sub++) {
      scales[s + sub] = e4m3(src[from + sub]) / 2;
      select(E2M1_CODES, src, from + 4 + 8 * sub, 8, codes, at + 16 * sub);
    }
  }

  /** The low nibbles of {@code bytes} bytes, then the high ones. */
  private static void select(byte[] table, byte[] src, int at, int bytes, byte[] codes, int to) {
    for (int j = 0; j < bytes; j++) {
      int b = src[at + j];
      codes[to + j] = table[b & 15];
      codes[to + j + bytes] = table[b >> 4 & 15];
    }
  }

  /** An unsigned E4M3 scale; the code for NaN counts as zero here. */
  private static float e4m3(byte code) {
    int exponent = code >> 3 & 15;
    int mantissa = code & 7;
    if ((code & 0xFF) == 0x7F) {
      return 0;
    }
    return exponent == 0
        ? Math.scalb((float) mantissa, -9)
        : Math.scalb(8f + mantissa, exponent - 10);
  }
}

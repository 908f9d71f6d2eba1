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
 * elements.
 */
final class CodebookBlocks {
  /** The non-linear codebook of IQ4_NL and IQ4_XS (ggml, {@code kvalues_iq4nl}). */
  static final float[] NON_LINEAR = {
    -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113
  };

  private static final float[] E2M1 = FloatFormat.E2M1.table();

  private CodebookBlocks() {}

  static void iq4nl(byte[] src, int from, float[] dst, int to) {
    select(NON_LINEAR, half(src, from), src, from + 2, 16, dst, to);
  }

  static void iq4xs(byte[] src, int from, float[] dst, int to) {
    float d = half(src, from);
    int high = u16(src, from + 2);
    for (int sub = 0; sub < 8; sub++) {
      int scale = nibble(src, from + 4, sub) | (high >> 2 * sub & 3) << 4;
      select(NON_LINEAR, d * (scale - 32), src, from + 8 + 16 * sub, 16, dst, to + 32 * sub);
    }
  }

  static void mxfp4(byte[] src, int from, float[] dst, int to) {
    // Half the scale before twice the value would overflow less, but no finite code is that large.
    float d = Math.scalb(1f, (src[from] & 0xFF) - 128);
    for (int j = 0; j < 16; j++) {
      int b = src[from + 1 + j];
      dst[to + j] = d * (2 * E2M1[b & 15]);
      dst[to + j + 16] = d * (2 * E2M1[b >> 4 & 15]);
    }
  }

  static void nvfp4(byte[] src, int from, float[] dst, int to) {
    for (int sub = 0; sub < 4; sub++) {
      select(E2M1, e4m3(src[from + sub]), src, from + 4 + 8 * sub, 8, dst, to + 16 * sub);
    }
  }

  /** The low nibbles of {@code bytes} bytes, then the high ones. */
  private static void select(
      float[] table, float d, byte[] src, int at, int bytes, float[] dst, int to) {
    for (int j = 0; j < bytes; j++) {
      int b = src[at + j];
      dst[to + j] = d * table[b & 15];
      dst[to + j + bytes] = d * table[b >> 4 & 15];
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

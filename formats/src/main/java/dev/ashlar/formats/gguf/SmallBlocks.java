package dev.ashlar.formats.gguf;

import static dev.ashlar.formats.gguf.GgufBlock.Words.half;
import static dev.ashlar.formats.gguf.GgufBlock.Words.word;

/**
 * The 32-element blocks (docs/formats.md, GGUF).
 *
 * <pre>
 *   Q4_0  f16 d, 16 bytes                  d·(q − 8)
 *   Q4_1  f16 d, f16 m, 16 bytes           d·q + m
 *   Q5_0  f16 d, u32 high bits, 16 bytes   d·(q − 16)
 *   Q5_1  f16 d, f16 m, u32, 16 bytes      d·q + m
 *   Q8_0  f16 d, 32 signed bytes           d·q
 * </pre>
 *
 * In the 16 bytes, byte j holds element j in its low and element j + 16 in its high nibble; bit j
 * of the word is the fifth bit of element j.
 */
final class SmallBlocks {
  private static final int HALF = 16;

  private SmallBlocks() {}

  static void q4_0(byte[] src, int from, float[] dst, int to) {
    float d = half(src, from);
    for (int j = 0; j < HALF; j++) {
      int b = src[from + 2 + j];
      dst[to + j] = d * ((b & 15) - 8);
      dst[to + j + HALF] = d * ((b >> 4 & 15) - 8);
    }
  }

  static void q4_1(byte[] src, int from, float[] dst, int to) {
    float d = half(src, from);
    float m = half(src, from + 2);
    for (int j = 0; j < HALF; j++) {
      int b = src[from + 4 + j];
      dst[to + j] = d * (b & 15) + m;
      dst[to + j + HALF] = d * (b >> 4 & 15) + m;
    }
  }

  static void q5_0(byte[] src, int from, float[] dst, int to) {
    float d = half(src, from);
    int high = word(src, from + 2);
    for (int j = 0; j < HALF; j++) {
      int b = src[from + 6 + j];
      dst[to + j] = d * ((b & 15 | (high >>> j & 1) << 4) - 16);
      dst[to + j + HALF] = d * ((b >> 4 & 15 | (high >>> j + HALF & 1) << 4) - 16);
    }
  }

  static void q5_1(byte[] src, int from, float[] dst, int to) {
    float d = half(src, from);
    float m = half(src, from + 2);
    int high = word(src, from + 4);
    for (int j = 0; j < HALF; j++) {
      int b = src[from + 8 + j];
      dst[to + j] = d * (b & 15 | (high >>> j & 1) << 4) + m;
      dst[to + j + HALF] = d * (b >> 4 & 15 | (high >>> j + HALF & 1) << 4) + m;
    }
  }

  static void q8_0(byte[] src, int from, float[] dst, int to) {
    float d = half(src, from);
    for (int j = 0; j < 2 * HALF; j++) {
      dst[to + j] = d * src[from + 2 + j];
    }
  }
}

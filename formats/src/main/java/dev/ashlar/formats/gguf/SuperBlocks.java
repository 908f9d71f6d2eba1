package dev.ashlar.formats.gguf;

import static dev.ashlar.formats.gguf.GgufBlock.Words.half;
import static dev.ashlar.formats.gguf.GgufBlock.Words.nibble;

/**
 * The 256-element super-blocks with quantized scales (docs/formats.md, GGUF).
 *
 * <pre>
 *   Q2_K   84 bytes   scales[16] qs[64] f16 d f16 dmin             d·sc·q − dmin·mn
 *   Q3_K  110 bytes   high[32] qs[64] scales[12] f16 d             d·(sc − 32)·(q − 4)
 *   Q4_K  144 bytes   f16 d f16 dmin scales[12] qs[128]            d·sc·q − dmin·mn
 *   Q5_K  176 bytes   f16 d f16 dmin scales[12] high[32] qs[128]   d·sc·q − dmin·mn
 *   Q6_K  210 bytes   ql[128] qh[64] i8 scales[16] f16 d           d·sc·(q − 32)
 * </pre>
 */
final class SuperBlocks {
  private static final int SIZE = 256;

  private SuperBlocks() {}

  static void q2k(byte[] src, int from, float[] dst, int to) {
    int qs = from + 16;
    float d = half(src, from + 80);
    float dmin = half(src, from + 82);
    for (int i = 0; i < SIZE; i++) {
      int sub = src[from + i / 16];
      float scale = d * (sub & 15);
      float min = dmin * (sub >> 4 & 15);
      dst[to + i] = scale * twoBits(src, qs, i) - min;
    }
  }

  static void q3k(byte[] src, int from, float[] dst, int to) {
    int qs = from + 32;
    int scales = from + 96;
    float d = half(src, from + 108);
    for (int sub = 0; sub < 16; sub++) {
      float scale = d * scale3(src, scales, sub);
      for (int i = 16 * sub; i < 16 * sub + 16; i++) {
        int bit = src[from + i % 32] >> i / 32 & 1;
        dst[to + i] = scale * (twoBits(src, qs, i) + 4 * bit - 4);
      }
    }
  }

  static void q4k(byte[] src, int from, float[] dst, int to) {
    float d = half(src, from);
    float dmin = half(src, from + 2);
    int qs = from + 16;
    for (int sub = 0; sub < 8; sub++) {
      float scale = d * scale(src, from + 4, sub);
      float min = dmin * min(src, from + 4, sub);
      for (int j = 0; j < 32; j++) {
        int q = src[qs + 32 * (sub / 2) + j] >> 4 * (sub & 1) & 15;
        dst[to + 32 * sub + j] = scale * q - min;
      }
    }
  }

  static void q5k(byte[] src, int from, float[] dst, int to) {
    float d = half(src, from);
    float dmin = half(src, from + 2);
    int high = from + 16;
    int qs = from + 48;
    for (int sub = 0; sub < 8; sub++) {
      float scale = d * scale(src, from + 4, sub);
      float min = dmin * min(src, from + 4, sub);
      for (int j = 0; j < 32; j++) {
        int q = src[qs + 32 * (sub / 2) + j] >> 4 * (sub & 1) & 15;
        dst[to + 32 * sub + j] = scale * (q | (src[high + j] >> sub & 1) << 4) - min;
      }
    }
  }

  static void q6k(byte[] src, int from, float[] dst, int to) {
    int scales = from + 192;
    float d = half(src, from + 208);
    for (int i = 0; i < SIZE; i++) {
      dst[to + i] = d * src[scales + i / 16] * (code6(src, from, i) - 32);
    }
  }

  /** Element i of 256 two-bit codes: byte 32h + j holds elements 128h + 32t + j at bits 2t. */
  static int twoBits(byte[] src, int at, int i) {
    return src[at + 32 * (i / 128) + i % 32] >> 2 * (i / 32 % 4) & 3;
  }

  /** Scale of sub-block {@code sub} of a Q3_K block, −32 to 31. */
  static int scale3(byte[] src, int at, int sub) {
    int low = nibble(src, at, 2 * (sub % 8) + sub / 8);
    int high = src[at + 8 + sub % 4] >> 2 * (sub / 4) & 3;
    return (low | high << 4) - 32;
  }

  /** Code i of a Q6_K block. */
  static int code6(byte[] src, int from, int i) {
    int h = i / 128;
    int k = i % 128;
    int low = src[from + 64 * h + k % 64] >> 4 * (k / 64) & 15;
    int high = src[from + 128 + 32 * h + k % 32] >> 2 * (k / 32) & 3;
    return low | high << 4;
  }

  /** Scale of sub-block {@code sub} of a Q4_K or Q5_K block. */
  static int scale(byte[] src, int at, int sub) {
    return sub < 4
        ? src[at + sub] & 63
        : src[at + 4 + sub] & 15 | (src[at + sub - 4] >> 6 & 3) << 4;
  }

  /** Minimum of sub-block {@code sub} of a Q4_K or Q5_K block. */
  static int min(byte[] src, int at, int sub) {
    return sub < 4
        ? src[at + 4 + sub] & 63
        : src[at + 4 + sub] >> 4 & 15 | (src[at + sub] >> 6 & 3) << 4;
  }
}

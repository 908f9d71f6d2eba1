package dev.ashlar.formats.gguf.encode;

import java.util.Arrays;

/** The 256-element super-blocks with quantized scales (docs/formats.md, GGUF). */
public final class SuperEncoders {
  private SuperEncoders() {}

  /** scales[16] qs[64] f16 d f16 dmin; two bits in groups of 16. */
  public static void q2k(Row row, int from, byte[] dst, int to) {
    float[] weights = Weights.of(row, from, OffsetSuperBlock.SIZE);
    OffsetSuperBlock fit = new OffsetSuperBlock(row, from, weights, 16, 3, 15);
    Arrays.fill(dst, to, to + 84, (byte) 0);
    for (int j = 0; j < 16; j++) {
      dst[to + j] = (byte) (fit.scale(j) | fit.minimum(j) << 4);
    }
    Bytes.twoBits(fit.codes(), dst, to + 16);
    Bytes.half(dst, to + 80, fit.d());
    Bytes.half(dst, to + 82, fit.e());
  }

  /** high[32] qs[64] scales[12] f16 d; three bits in groups of 16. */
  public static void q3k(Row row, int from, byte[] dst, int to) {
    float[] weights = Weights.of(row, from, OffsetSuperBlock.SIZE);
    SignedSuperBlock fit = new SignedSuperBlock(row, from, weights, 4, 32);
    Arrays.fill(dst, to, to + 110, (byte) 0);
    int[] codes = fit.codes();
    for (int i = 0; i < OffsetSuperBlock.SIZE; i++) {
      dst[to + i % 32] |= (byte) ((codes[i] >> 2) << i / 32);
    }
    Bytes.twoBits(codes, dst, to + 32);
    for (int j = 0; j < 16; j++) {
      int scale = fit.scale(j) + 32;
      dst[to + 96 + j % 8] |= (byte) ((scale & 15) << 4 * (j / 8));
      dst[to + 104 + j % 4] |= (byte) ((scale >> 4) << 2 * (j / 4));
    }
    Bytes.half(dst, to + 108, fit.d());
  }

  /** f16 d f16 dmin scales[12] qs[128]; four bits in groups of 32. */
  public static void q4k(Row row, int from, byte[] dst, int to) {
    float[] weights = Weights.of(row, from, OffsetSuperBlock.SIZE);
    OffsetSuperBlock fit = new OffsetSuperBlock(row, from, weights, 32, 15, 63);
    scales(fit, dst, to);
    nibbles(fit.codes(), dst, to + 16);
  }

  /** f16 d f16 dmin scales[12] high[32] qs[128]; five bits in groups of 32. */
  public static void q5k(Row row, int from, byte[] dst, int to) {
    float[] weights = Weights.of(row, from, OffsetSuperBlock.SIZE);
    OffsetSuperBlock fit = new OffsetSuperBlock(row, from, weights, 32, 31, 63);
    scales(fit, dst, to);
    Arrays.fill(dst, to + 16, to + 48, (byte) 0);
    int[] codes = fit.codes();
    for (int i = 0; i < OffsetSuperBlock.SIZE; i++) {
      dst[to + 16 + i % 32] |= (byte) ((codes[i] >> 4) << i / 32);
    }
    nibbles(codes, dst, to + 48);
  }

  /** ql[128] qh[64] i8 scales[16] f16 d; six bits in groups of 16. */
  public static void q6k(Row row, int from, byte[] dst, int to) {
    float[] weights = Weights.of(row, from, OffsetSuperBlock.SIZE);
    SignedSuperBlock fit = new SignedSuperBlock(row, from, weights, 32, 128);
    Arrays.fill(dst, to, to + 210, (byte) 0);
    int[] codes = fit.codes();
    for (int i = 0; i < OffsetSuperBlock.SIZE; i++) {
      int half = i / 128;
      int k = i % 128;
      dst[to + 64 * half + k % 64] |= (byte) ((codes[i] & 15) << 4 * (k / 64));
      dst[to + 128 + 32 * half + k % 32] |= (byte) ((codes[i] >> 4) << 2 * (k / 32));
    }
    for (int j = 0; j < 16; j++) {
      dst[to + 192 + j] = (byte) fit.scale(j);
    }
    Bytes.half(dst, to + 208, fit.d());
  }

  /** Both floats and, in six bits each, the factors of eight groups. */
  private static void scales(OffsetSuperBlock fit, byte[] dst, int to) {
    Bytes.half(dst, to, fit.d());
    Bytes.half(dst, to + 2, fit.e());
    for (int j = 0; j < 4; j++) {
      int sc = fit.scale(j + 4);
      int mn = fit.minimum(j + 4);
      dst[to + 4 + j] = (byte) (fit.scale(j) | (sc >> 4) << 6);
      dst[to + 8 + j] = (byte) (fit.minimum(j) | (mn >> 4) << 6);
      dst[to + 12 + j] = (byte) (sc & 15 | (mn & 15) << 4);
    }
  }

  private static void nibbles(int[] codes, byte[] dst, int at) {
    for (int pair = 0; pair < 4; pair++) {
      for (int j = 0; j < 32; j++) {
        int low = codes[64 * pair + j] & 15;
        int high = codes[64 * pair + 32 + j] & 15;
        dst[at + 32 * pair + j] = (byte) (low | high << 4);
      }
    }
  }
}

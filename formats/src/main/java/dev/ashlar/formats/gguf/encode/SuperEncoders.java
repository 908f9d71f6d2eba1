package dev.ashlar.formats.gguf.encode;

import dev.ashlar.tensor.blocks.FittedBlock;
import dev.ashlar.tensor.blocks.Row;
import dev.ashlar.tensor.blocks.SuperFit;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.quant.SuperGrid;
import java.util.Arrays;

/** The 256-element super-blocks with quantized scales (docs/formats.md, GGUF). */
public final class SuperEncoders {
  private static final int SIZE = 256;
  private static final SuperGrid Q2 = SuperGrid.KNOWN.get(0);
  private static final SuperGrid Q3 = SuperGrid.KNOWN.get(1);
  private static final SuperGrid Q4 = SuperGrid.KNOWN.get(2);
  private static final SuperGrid Q5 = SuperGrid.KNOWN.get(3);
  private static final SuperGrid Q6 = SuperGrid.KNOWN.get(4);

  private SuperEncoders() {}

  /**
   * Puts a block into the bytes of the type that is of its grid.
   *
   * @throws IllegalArgumentException if there is none
   */
  public static void put(SuperGrid grid, FittedBlock block, byte[] dst, int to) {
    switch (SuperGrid.KNOWN.indexOf(grid)) {
      case 0 -> q2k(block, dst, to);
      case 1 -> q3k(block, dst, to);
      case 2 -> q4k(block, dst, to);
      case 3 -> q5k(block, dst, to);
      case 4 -> q6k(block, dst, to);
      default -> throw new IllegalArgumentException("no type has blocks of " + grid);
    }
  }

  /** scales[16] qs[64] f16 d f16 dmin; two bits in groups of 16. */
  public static void q2k(Row row, int from, byte[] dst, int to) {
    q2k(SuperFit.block(Backends.chosen().gridSums(), Q2, row, from), dst, to);
  }

  private static void q2k(FittedBlock fit, byte[] dst, int to) {
    Arrays.fill(dst, to, to + 84, (byte) 0);
    for (int j = 0; j < 16; j++) {
      dst[to + j] = (byte) (fit.scales()[j] | fit.minimums()[j] << 4);
    }
    Bytes.twoBits(fit.codes(), dst, to + 16);
    Bytes.half(dst, to + 80, fit.step());
    Bytes.half(dst, to + 82, fit.below());
  }

  /** high[32] qs[64] scales[12] f16 d; three bits in groups of 16. */
  public static void q3k(Row row, int from, byte[] dst, int to) {
    q3k(SuperFit.block(Backends.chosen().gridSums(), Q3, row, from), dst, to);
  }

  private static void q3k(FittedBlock fit, byte[] dst, int to) {
    Arrays.fill(dst, to, to + 110, (byte) 0);
    int[] codes = fit.codes();
    for (int i = 0; i < SIZE; i++) {
      dst[to + i % 32] |= (byte) ((codes[i] >> 2) << i / 32);
    }
    Bytes.twoBits(codes, dst, to + 32);
    for (int j = 0; j < 16; j++) {
      int scale = fit.scales()[j] + 32;
      dst[to + 96 + j % 8] |= (byte) ((scale & 15) << 4 * (j / 8));
      dst[to + 104 + j % 4] |= (byte) ((scale >> 4) << 2 * (j / 4));
    }
    Bytes.half(dst, to + 108, fit.step());
  }

  /** f16 d f16 dmin scales[12] qs[128]; four bits in groups of 32. */
  public static void q4k(Row row, int from, byte[] dst, int to) {
    q4k(SuperFit.block(Backends.chosen().gridSums(), Q4, row, from), dst, to);
  }

  private static void q4k(FittedBlock fit, byte[] dst, int to) {
    scales(fit, dst, to);
    nibbles(fit.codes(), dst, to + 16);
  }

  /** f16 d f16 dmin scales[12] high[32] qs[128]; five bits in groups of 32. */
  public static void q5k(Row row, int from, byte[] dst, int to) {
    q5k(SuperFit.block(Backends.chosen().gridSums(), Q5, row, from), dst, to);
  }

  private static void q5k(FittedBlock fit, byte[] dst, int to) {
    scales(fit, dst, to);
    Arrays.fill(dst, to + 16, to + 48, (byte) 0);
    int[] codes = fit.codes();
    for (int i = 0; i < SIZE; i++) {
      dst[to + 16 + i % 32] |= (byte) ((codes[i] >> 4) << i / 32);
    }
    nibbles(codes, dst, to + 48);
  }

  /** ql[128] qh[64] i8 scales[16] f16 d; six bits in groups of 16. */
  public static void q6k(Row row, int from, byte[] dst, int to) {
    q6k(SuperFit.block(Backends.chosen().gridSums(), Q6, row, from), dst, to);
  }

  private static void q6k(FittedBlock fit, byte[] dst, int to) {
    Arrays.fill(dst, to, to + 210, (byte) 0);
    int[] codes = fit.codes();
    for (int i = 0; i < SIZE; i++) {
      int half = i / 128;
      int k = i % 128;
      dst[to + 64 * half + k % 64] |= (byte) ((codes[i] & 15) << 4 * (k / 64));
      dst[to + 128 + 32 * half + k % 32] |= (byte) ((codes[i] >> 4) << 2 * (k / 32));
    }
    for (int j = 0; j < 16; j++) {
      dst[to + 192 + j] = (byte) fit.scales()[j];
    }
    Bytes.half(dst, to + 208, fit.step());
  }

  /** Both floats and, in six bits each, the factors of eight groups. */
  private static void scales(FittedBlock fit, byte[] dst, int to) {
    Bytes.half(dst, to, fit.step());
    Bytes.half(dst, to + 2, fit.below());
    for (int j = 0; j < 4; j++) {
      int sc = fit.scales()[j + 4];
      int mn = fit.minimums()[j + 4];
      dst[to + 4 + j] = (byte) (fit.scales()[j] | (sc >> 4) << 6);
      dst[to + 8 + j] = (byte) (fit.minimums()[j] | (mn >> 4) << 6);
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

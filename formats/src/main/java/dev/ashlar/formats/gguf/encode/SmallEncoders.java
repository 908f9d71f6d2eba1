package dev.ashlar.formats.gguf.encode;

import dev.ashlar.tensor.blocks.Halves;
import dev.ashlar.tensor.blocks.OffsetFit;
import dev.ashlar.tensor.blocks.Row;
import dev.ashlar.tensor.blocks.SignedFit;
import dev.ashlar.tensor.blocks.Weights;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.kernel.GridErrorKernel.Group;

/**
 * The 32-element blocks (docs/formats.md, GGUF). Without importance they have the reference
 * implementation's bytes: the scale follows from the extreme value, codes are taken with it before
 * it is rounded to half precision. With importance the scale is searched for.
 */
public final class SmallEncoders {
  private static final int SIZE = 32;

  private SmallEncoders() {}

  /** {@code d·(q − 8)}: f16 d, 16 bytes of codes. */
  public static void q4_0(Row row, int from, byte[] dst, int to) {
    int[] codes = new int[SIZE];
    Bytes.half(dst, to, centered(row, from, 8, codes));
    Bytes.nibbles(codes, 0, dst, to + 2);
  }

  /** {@code d·q + m}: f16 d, f16 m, 16 bytes of codes. */
  public static void q4_1(Row row, int from, byte[] dst, int to) {
    int[] codes = new int[SIZE];
    float[] fit = lowest(row, from, 15, codes);
    Bytes.half(dst, to, fit[0]);
    Bytes.half(dst, to + 2, fit[1]);
    Bytes.nibbles(codes, 0, dst, to + 4);
  }

  /** {@code d·(q − 16)}: f16 d, fifth bits, 16 bytes. */
  public static void q5_0(Row row, int from, byte[] dst, int to) {
    int[] codes = new int[SIZE];
    Bytes.half(dst, to, centered(row, from, 16, codes));
    Bytes.word32(dst, to + 2, Bytes.fifthBits(codes));
    Bytes.nibbles(codes, 0, dst, to + 6);
  }

  /** {@code d·q + m}: f16 d, f16 m, fifth bits, 16 bytes. */
  public static void q5_1(Row row, int from, byte[] dst, int to) {
    int[] codes = new int[SIZE];
    float[] fit = lowest(row, from, 31, codes);
    Bytes.half(dst, to, fit[0]);
    Bytes.half(dst, to + 2, fit[1]);
    Bytes.word32(dst, to + 4, Bytes.fifthBits(codes));
    Bytes.nibbles(codes, 0, dst, to + 8);
  }

  /** {@code d·q}: f16 d, 32 signed bytes; nothing is searched for, eight bits lose little. */
  public static void q8_0(Row row, int from, byte[] dst, int to) {
    float[] x = row.values();
    float largest = 0;
    for (int j = from; j < from + SIZE; j++) {
      largest = Math.max(largest, Math.abs(x[j]));
    }
    float d = largest / 127;
    float inverse = d == 0 ? 0 : 1 / d;
    Bytes.half(dst, to, d);
    for (int j = 0; j < SIZE; j++) {
      // A half away from zero; in double, where adding the half does not round.
      double scaled = x[from + j] * inverse;
      dst[to + 2 + j] = (byte) (scaled + Math.copySign(0.5, scaled));
    }
  }

  /** Codes around {@code zero}; returns the step, which may be negative. */
  private static float centered(Row row, int from, int zero, int[] codes) {
    float[] x = row.values();
    if (row.importance() != null || row.steps() != null) {
      float[] weights = Weights.of(row, from, SIZE);
      Group group = new Group(SIZE, x, from, weights, 0);
      float d =
          Halves.nearest(
              new SignedFit(Backends.chosen().gridSums(), zero).step(group, row.step(from)));
      SignedFit.codes(x, from, SIZE, d, zero, codes, 0);
      return d;
    }
    float extreme = 0;
    for (int j = from; j < from + SIZE; j++) {
      extreme = Math.abs(x[j]) > Math.abs(extreme) ? x[j] : extreme;
    }
    float d = extreme / -zero;
    float inverse = d == 0 ? 0 : 1 / d;
    for (int j = 0; j < SIZE; j++) {
      int code = (int) (x[from + j] * inverse + (zero + 0.5f));
      codes[j] = Math.clamp(code, 0, 2 * zero - 1);
    }
    return d;
  }

  /** Codes from the lowest value up; returns the step and the lowest value. */
  private static float[] lowest(Row row, int from, int largest, int[] codes) {
    float[] x = row.values();
    if (row.importance() != null || row.steps() != null) {
      float[] weights = Weights.of(row, from, SIZE);
      OffsetFit fit = new OffsetFit(Backends.chosen().gridSums(), largest, true);
      fit.find(new Group(SIZE, x, from, weights, 0), row.step(from), row.low(from));
      float d = Halves.nearest(fit.step());
      float m = Halves.nearest(fit.low());
      OffsetFit.codes(x, from, SIZE, d, m, largest, codes, 0);
      return new float[] {d, m};
    }
    float min = x[from];
    float max = x[from];
    for (int j = from; j < from + SIZE; j++) {
      min = Math.min(min, x[j]);
      max = Math.max(max, x[j]);
    }
    float d = (max - min) / largest;
    float inverse = d == 0 ? 0 : 1 / d;
    for (int j = 0; j < SIZE; j++) {
      int code = (int) ((x[from + j] - min) * inverse + 0.5f);
      codes[j] = Math.clamp(code, 0, largest);
    }
    return new float[] {d, min};
  }
}

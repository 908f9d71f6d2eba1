package dev.ashlar.formats.gguf.encode;

import dev.ashlar.tensor.quant.FloatFormat;

/** Blocks whose four-bit codes select from a table of 16 values (docs/formats.md, GGUF). */
public final class CodebookEncoders {
  private static final int GROUP = 32;
  private static final int TRIES = 9;
  private static final float[] E2M1 = FloatFormat.E2M1.table();

  private CodebookEncoders() {}

  /**
   * IQ4_NL: f16 d, 16 bytes.
   *
   * @param table the codebook, ascending
   */
  public static BlockEncoder iq4nl(float[] table) {
    return (row, from, dst, to) -> {
      float[] weights = Weights.Kind.SQUARE.of(row, from, GROUP);
      float d = Bytes.half(step(row.values(), from, weights, 0, table));
      Bytes.half(dst, to, d);
      nibbles(row.values(), from, d, table, dst, to + 2);
    };
  }

  /**
   * IQ4_XS: f16 d, u16 high, low[4], 128 bytes; factors of d of six bits for groups of 32.
   *
   * @param table the codebook, ascending
   */
  public static BlockEncoder iq4xs(float[] table) {
    return (row, from, dst, to) -> {
      float[] x = row.values();
      float[] weights = Weights.Kind.SQUARE.of(row, from, 256);
      float[] steps = new float[8];
      float[] counts = new float[8];
      for (int j = 0; j < 8; j++) {
        steps[j] = step(x, from + GROUP * j, weights, GROUP * j, table);
        for (int i = GROUP * j; i < GROUP * j + GROUP; i++) {
          counts[j] += weights[i];
        }
      }
      float d = Bytes.half(SignedFit.step(steps, 0, counts, 0, 8, 32, 0));
      Bytes.half(dst, to, d);
      int high = 0;
      java.util.Arrays.fill(dst, to + 4, to + 8, (byte) 0);
      for (int j = 0; j < 8; j++) {
        int factor = factor(x, from + GROUP * j, weights, GROUP * j, d, steps[j], table);
        dst[to + 4 + j / 2] |= (byte) ((factor + 32 & 15) << 4 * (j & 1));
        high |= (factor + 32 >> 4) << 2 * j;
        nibbles(x, from + GROUP * j, d * factor, table, dst, to + 8 + 16 * j);
      }
      Bytes.word16(dst, to + 2, high);
    };
  }

  private static int factor(
      float[] x, int from, float[] w, int at, float d, float step, float[] table) {
    int middle = d == 0 ? 0 : Math.clamp(SignedFit.nearest(step / d), -32, 31);
    int best = middle;
    double least = Double.POSITIVE_INFINITY;
    for (int f = Math.max(-32, middle - 1); f <= Math.min(31, middle + 1); f++) {
      double error = 0;
      for (int i = 0; i < GROUP; i++) {
        float off = x[from + i] - d * f * table[code(x[from + i], d * f, table)];
        error += w[at + i] * off * off;
      }
      if (error < least) {
        least = error;
        best = f;
      }
    }
    return best;
  }

  /** MXFP4: u8 e, 16 bytes; the exponent of the largest magnitude less two. */
  public static void mxfp4(Row row, int from, byte[] dst, int to) {
    float[] x = row.values();
    float largest = 0;
    for (int i = from; i < from + GROUP; i++) {
      largest = Math.max(largest, Math.abs(x[i]));
    }
    int exponent =
        largest < Float.MIN_NORMAL ? 0 : Math.clamp(Math.getExponent(largest) - 2 + 127, 0, 254);
    dst[to] = (byte) exponent;
    // Half the scale, of doubled values.
    float d = Math.scalb(1f, exponent - 128);
    for (int j = 0; j < 16; j++) {
      int low = small(x[from + j], d);
      int high = small(x[from + 16 + j], d);
      dst[to + 1 + j] = (byte) (low | high << 4);
    }
  }

  /** The code of the nearest small float; of two as near, the lower code. */
  private static int small(float x, float d) {
    int best = 0;
    for (int q = 1; q < 16; q++) {
      if (Math.abs(2 * E2M1[q] * d - x) < Math.abs(2 * E2M1[best] * d - x)) {
        best = q;
      }
    }
    return best;
  }

  /** A step of either sign with a small weighted error; as {@link SignedFit} finds it. */
  private static float step(float[] x, int from, float[] w, int at, float[] table) {
    float extreme = 0;
    for (int i = from; i < from + GROUP; i++) {
      extreme = Math.abs(x[i]) > Math.abs(extreme) ? x[i] : extreme;
    }
    if (Math.abs(extreme) < Float.MIN_NORMAL) {
      return 0;
    }
    double[] best = {0, -1};
    for (int k = -TRIES; k <= TRIES; k++) {
      consider(x, from, w, at, extreme / (table[0] + k), table, best);
      consider(x, from, w, at, extreme / (table[15] + k), table, best);
    }
    for (int round = 0; round < 4 && best[0] != 0; round++) {
      double before = best[1];
      consider(x, from, w, at, (float) best[0], table, best);
      if (best[1] <= before) {
        break;
      }
    }
    return (float) best[0];
  }

  private static void consider(
      float[] x, int from, float[] w, int at, float step, float[] table, double[] best) {
    double xq = 0;
    double qq = 0;
    for (int i = 0; i < GROUP; i++) {
      float q = table[code(x[from + i], step, table)];
      xq += (double) w[at + i] * q * x[from + i];
      qq += (double) w[at + i] * q * q;
    }
    if (qq > 0 && xq * xq > best[1] * qq) {
      best[0] = xq / qq;
      best[1] = xq * xq / qq;
    }
  }

  private static int code(float x, float step, float[] table) {
    float scaled = step == 0 ? 0 : x / step;
    int low = 0;
    int high = 15;
    while (high - low > 1) {
      int middle = (low + high) / 2;
      if (scaled < table[middle]) {
        high = middle;
      } else {
        low = middle;
      }
    }
    return scaled - table[low] <= table[high] - scaled ? low : high;
  }

  private static void nibbles(float[] x, int from, float d, float[] table, byte[] dst, int at) {
    for (int j = 0; j < 16; j++) {
      int low = code(x[from + j], d, table);
      int high = code(x[from + 16 + j], d, table);
      dst[at + j] = (byte) (low | high << 4);
    }
  }
}

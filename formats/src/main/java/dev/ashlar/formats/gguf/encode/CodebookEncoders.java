package dev.ashlar.formats.gguf.encode;

import dev.ashlar.tensor.blocks.Halves;
import dev.ashlar.tensor.blocks.Row;
import dev.ashlar.tensor.blocks.SignedFit;
import dev.ashlar.tensor.blocks.Steps;
import dev.ashlar.tensor.blocks.Weights;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.kernel.GridErrorKernel.Group;
import dev.ashlar.tensor.quant.FloatFormat;

/** Blocks whose four-bit codes select from a table of 16 values (docs/formats.md, GGUF). */
public final class CodebookEncoders {
  private static final int GROUP = 32;

  /** What one over the step is tried at, times what the extreme value asks for. */
  private static final float[] TRIES = Steps.ladder(0.8, 2, 16);

  private static final float[] E2M1 = FloatFormat.E2M1.table();

  private CodebookEncoders() {}

  /**
   * IQ4_NL: f16 d, 16 bytes.
   *
   * @param table the codebook, ascending
   */
  public static BlockEncoder iq4nl(float[] table) {
    float[] above = middles(table);
    return (row, from, dst, to) -> {
      float[] weights = Weights.of(row, from, GROUP);
      Group group = new Group(GROUP, row.values(), from, weights, 0);
      float d =
          Halves.nearest(
              step(Steps.of(Backends.chosen().gridSums(), table, 2 * TRIES.length), group, table));
      Bytes.half(dst, to, d);
      nibbles(row.values(), from, d, above, dst, to + 2);
    };
  }

  /**
   * IQ4_XS: f16 d, u16 high, low[4], 128 bytes; factors of d of six bits for groups of 32.
   *
   * @param table the codebook, ascending
   */
  public static BlockEncoder iq4xs(float[] table) {
    float[] above = middles(table);
    return (row, from, dst, to) -> {
      float[] x = row.values();
      float[] weights = Weights.of(row, from, 256);
      Steps fit = Steps.of(Backends.chosen().gridSums(), table, 2 * TRIES.length);
      Group[] groups = new Group[8];
      float[] steps = new float[8];
      float[] counts = new float[8];
      for (int j = 0; j < 8; j++) {
        groups[j] = new Group(GROUP, x, from + GROUP * j, weights, GROUP * j);
        steps[j] = step(fit, groups[j], table);
        for (int i = GROUP * j; i < GROUP * j + GROUP; i++) {
          counts[j] += weights[i];
        }
      }
      float d =
          Halves.nearest(
              new SignedFit(Backends.chosen().gridSums(), 32)
                  .step(new Group(8, steps, 0, counts, 0), 0));
      Bytes.half(dst, to, d);
      int high = 0;
      java.util.Arrays.fill(dst, to + 4, to + 8, (byte) 0);
      for (int j = 0; j < 8; j++) {
        int factor = fit.factor(groups[j], d, steps[j], -32, 31);
        dst[to + 4 + j / 2] |= (byte) ((factor + 32 & 15) << 4 * (j & 1));
        high |= (factor + 32 >> 4) << 2 * j;
        nibbles(x, from + GROUP * j, d * factor, above, dst, to + 8 + 16 * j);
      }
      Bytes.word16(dst, to + 2, high);
    };
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

  /** The code of the nearest small float; of two as near, the one nearer to zero. */
  private static int small(float x, float d) {
    float size = Math.abs(x);
    int q = 0;
    while (q < 7 && size > (E2M1[q] + E2M1[q + 1]) * d) {
      q++;
    }
    return x < 0 && q > 0 ? q + 8 : q;
  }

  /** A step of either sign with a small weighted error, or 0. */
  private static float step(Steps steps, Group group, float[] table) {
    float extreme = SignedFit.extreme(group);
    if (Math.abs(extreme) < Float.MIN_NORMAL) {
      return 0;
    }
    steps.begin(group);
    for (float end : new float[] {table[0], table[15]}) {
      for (float factor : TRIES) {
        steps.add(end * factor / extreme);
      }
    }
    return steps.best();
  }

  /** What a value must be above to be no nearer to an entry than to the next one. */
  private static float[] middles(float[] table) {
    float[] above = new float[table.length - 1];
    for (int j = 0; j < above.length; j++) {
      above[j] = (table[j] + table[j + 1]) / 2;
    }
    return above;
  }

  private static int code(float scaled, float[] above) {
    int code = 0;
    for (float middle : above) {
      code += scaled > middle ? 1 : 0;
    }
    return code;
  }

  private static void nibbles(float[] x, int from, float d, float[] above, byte[] dst, int at) {
    float inverse = d == 0 ? 0 : 1 / d;
    for (int j = 0; j < 16; j++) {
      int low = code(x[from + j] * inverse, above);
      int high = code(x[from + 16 + j] * inverse, above);
      dst[at + j] = (byte) (low | high << 4);
    }
  }
}

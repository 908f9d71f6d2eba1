package dev.ashlar.tuning.finish;

import dev.ashlar.nn.layer.Weight;
import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Gradients;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.autograd.Workspace;
import dev.ashlar.tensor.autograd.op.MatMul;
import dev.ashlar.tensor.quant.Codes;
import dev.ashlar.tensor.quant.Groups;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tuning.method.Scales;
import dev.ashlar.tuning.train.AdamW;
import java.util.Arrays;
import java.util.List;

/**
 * A weight of fixed codes whose scales are tuned: {@code ŵ = round(s·(1 + δ))·(c − z)}, δ a
 * parameter of each group. The rounding to the stored type is part of the forward, and gradients
 * pass it as if it were not there.
 *
 * <p>It holds codes only; floats are made into a borrowed buffer when the unit is used.
 */
final class CodedWeight implements Weight {
  private static final int GRAIN = 8;

  private final QuantizedMatrix start;
  private final Groups.ZeroPoints groups;

  /** δ. */
  private final Tensor change;

  private final Tensor gradient;
  private final AdamW adam;
  private final float[] scales;
  private Tensor floats;
  private Tensor floatGradient;

  /**
   * @param start integer codes with zero points and nothing beside
   */
  CodedWeight(QuantizedMatrix start) {
    this.start = start;
    this.groups = start.zeroPoints();
    this.scales = groups.scales().clone();
    this.change = Tensor.zeros(scales.length);
    this.gradient = Tensor.zeros(scales.length);
    this.adam = new AdamW(List.of(change), 0, TunedTensor.EPSILON);
  }

  /** Whether a matrix can be tuned so. */
  static boolean fits(QuantizedMatrix matrix) {
    return matrix.codes() instanceof Codes.Integers
        && matrix.groups() instanceof Groups.ZeroPoints
        && matrix.outliers().isEmpty();
  }

  int bits() {
    return start.codes().bits();
  }

  @Override
  public int out() {
    return start.out();
  }

  @Override
  public int in() {
    return start.in();
  }

  @Override
  public Tensor multiply(Tensor x, Tape tape) {
    return tape.apply(new MatMul(x, floats));
  }

  /** Makes the floats into a buffer of {@code buffers}, valid until those are released. */
  void build(Workspace buffers) {
    floats = buffers.take(out(), in());
    float[] w = floats.data();
    byte[] codes = start.codes().values();
    Parallel.rows(
        out(),
        GRAIN,
        (from, to) -> {
          for (int o = from; o < to; o++) {
            if (start.groupOfColumn() == null) {
              rowOfGroups(o, w, codes);
            } else {
              row(o, w, codes);
            }
          }
        });
  }

  private void row(int o, float[] w, byte[] codes) {
    int first = o * start.groupsPerRow();
    for (int k = 0; k < in(); k++) {
      int at = first + start.group(k);
      int code = (codes[o * in() + k] & 0xFF) - (groups.zeros()[at] & 0xFF);
      w[o * in() + k] = scales[at] * code;
    }
  }

  /** The same of consecutive columns: loops that the compiler makes vectors of. */
  private void rowOfGroups(int o, float[] w, byte[] codes) {
    int in = in();
    int perRow = start.groupsPerRow();
    int size = groups.grid().effectiveGroup(in);
    for (int g = 0; g < perRow; g++) {
      float scale = scales[o * perRow + g];
      int zero = groups.zeros()[o * perRow + g] & 0xFF;
      int end = o * in + Math.min(in, (g + 1) * size);
      for (int i = o * in + g * size; i < end; i++) {
        w[i] = scale * ((codes[i] & 0xFF) - zero);
      }
    }
  }

  /** Has a pass remember what the gradient of the floats needs. */
  void watch(Tape tape) {
    tape.watch(floats);
  }

  /** Asks for the gradient of the floats, in a buffer of {@code buffers}. */
  void watch(Tape tape, Workspace buffers) {
    floatGradient = buffers.take(out(), in());
    tape.watch(floats, floatGradient, false);
  }

  /**
   * One step of all scales from the gradient of the floats.
   *
   * @param rate of the relative change
   */
  void step(Gradients gradients, float rate) {
    if (gradients.of(floats) == null) {
      // An expert that saw no token.
      return;
    }
    float[] g = floatGradient.data();
    byte[] codes = start.codes().values();
    float[] before = groups.scales();
    float[] slope = gradient.data();
    Parallel.rows(
        out(),
        GRAIN,
        (from, to) -> {
          int perRow = start.groupsPerRow();
          for (int o = from; o < to; o++) {
            Arrays.fill(slope, o * perRow, (o + 1) * perRow, 0f);
            if (start.groupOfColumn() == null) {
              slopesOfGroups(o, g, codes, slope);
            } else {
              slopes(o, g, codes, slope);
            }
            for (int at = o * perRow; at < (o + 1) * perRow; at++) {
              slope[at] *= before[at];
            }
          }
        });
    adam.step(List.of(gradient), rate, 1);
    IntegerGrid grid = groups.grid();
    for (int at = 0; at < scales.length; at++) {
      scales[at] = Scales.rounded(grid, before[at] * (1 + change.data()[at]));
    }
  }

  private void slopes(int o, float[] g, byte[] codes, float[] slope) {
    int first = o * start.groupsPerRow();
    for (int k = 0; k < in(); k++) {
      int at = first + start.group(k);
      int code = (codes[o * in() + k] & 0xFF) - (groups.zeros()[at] & 0xFF);
      slope[at] += g[o * in() + k] * code;
    }
  }

  /** The same of consecutive columns, four sums beside each other. */
  private void slopesOfGroups(int o, float[] g, byte[] codes, float[] slope) {
    int in = in();
    int perRow = start.groupsPerRow();
    int size = groups.grid().effectiveGroup(in);
    for (int group = 0; group < perRow; group++) {
      int zero = groups.zeros()[o * perRow + group] & 0xFF;
      int i = o * in + group * size;
      int end = o * in + Math.min(in, (group + 1) * size);
      float a = 0;
      float b = 0;
      float c = 0;
      float d = 0;
      for (; i + 4 <= end; i += 4) {
        a += g[i] * ((codes[i] & 0xFF) - zero);
        b += g[i + 1] * ((codes[i + 1] & 0xFF) - zero);
        c += g[i + 2] * ((codes[i + 2] & 0xFF) - zero);
        d += g[i + 3] * ((codes[i + 3] & 0xFF) - zero);
      }
      for (; i < end; i++) {
        a += g[i] * ((codes[i] & 0xFF) - zero);
      }
      slope[o * perRow + group] = a + b + (c + d);
    }
  }

  /** The codes under the present scales. */
  QuantizedMatrix result() {
    return new QuantizedMatrix(
            out(),
            in(),
            start.codes(),
            new Groups.ZeroPoints(groups.grid(), scales.clone(), groups.zeros()))
        .withGroupOfColumn(start.groupOfColumn());
  }
}

package dev.ashlar.tuning.layerwise.solver;

import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.quant.Outliers;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * QuantEase with a few weights beside the codes (Behdin et al., arXiv 2309.01885, section 4):
 * minimises {@code ‖(W − Ŵ − H)Xᵀ‖²} over Ŵ on the grid and a sparse H, by turns a sweep over Ŵ and
 * a projected gradient step on H (iterative hard thresholding).
 *
 * <p>Unlike the published program it stores the swept columns in Ŵ and divides by {@code Σ[j, j]}
 * in the sweep, as the paper has it.
 */
public final class OutlierQuantEase {
  /** Share of entries that change from which on a dense product is cheaper. */
  private static final double SPARSE = 0.05;

  private static final int ROWS = 16;

  /**
   * What outliers there may be.
   *
   * @param iterations sweeps, each with a step on H
   * @param fraction of all weights, or of the columns
   * @param structured whether outliers are whole columns
   * @param alpha length of the steps on H, in halves of {@code 1/λ_max}; below 4
   * @param trace whether the error after each iteration is wanted
   */
  public record Options(
      int iterations, double fraction, boolean structured, double alpha, boolean trace) {
    public Options {
      if (iterations < 1) {
        throw new IllegalArgumentException("at least one sweep is needed: " + iterations);
      }
      if (!(fraction >= 0) || fraction > 1) {
        throw new IllegalArgumentException("the share of outliers is from 0 to 1: " + fraction);
      }
      if (!(alpha > 0) || alpha >= 4) {
        throw new IllegalArgumentException("alpha must be above 0 and below 4: " + alpha);
      }
    }
  }

  /** What is common to layers with one input. */
  public static final class Inputs {
    private final NormalMatrix normal;
    private final double largest;

    /**
     * @param moments Σ, not normalised, in original order
     * @param order the original column at each position
     */
    public Inputs(Symmetric moments, int[] order) {
      this.normal = new NormalMatrix(moments, order);
      this.largest = LargestEigenvalue.of(moments);
    }
  }

  private final int out;
  private final int in;
  private final Tensor w;
  private final NormalMatrix normal;
  private final GridFit fit;
  private final Options options;
  private final Backend backend;
  private final Support support;
  private final double step;

  /** H {@code [in, out]}, positions in the order of the sweeps. */
  private float[] h;

  private Grids grids;
  private final Sweeps sweeps;

  private OutlierQuantEase(Tensor w, Inputs inputs, GridFit fit, Options options, Backend backend) {
    this.out = w.dim(0);
    this.in = w.dim(1);
    this.w = w;
    this.normal = inputs.normal;
    this.fit = fit;
    this.options = options;
    this.backend = backend;
    this.support = new Support(out, normal, options.fraction, options.structured);
    this.step = inputs.largest > 0 ? options.alpha / (2 * inputs.largest) : 0;
    this.grids = Grids.empty(out, in, fit.grid());
    int size = fit.grid().effectiveGroup(in);
    for (int i = 0; i < in; i++) {
      grids.groupOfColumn()[normal.column(i)] = i / size;
    }
    this.sweeps = new Sweeps(w, grids, normal, null, backend);
    this.h = sweeps.target.clone();
    support.keep(h);
    for (int at = 0; at < h.length; at++) {
      sweeps.target[at] -= h[at];
      sweeps.value[at] = sweeps.target[at];
    }
  }

  /**
   * Quantizes a layer.
   *
   * @param w {@code [out, in]}, not changed
   * @param fit how grids are fitted; groups are cut from the order of the inputs
   */
  public static QuantEase.Solution solve(
      Tensor w, Inputs inputs, GridFit fit, Options options, Backend backend) {
    return new OutlierQuantEase(w, inputs, fit, options, backend).run();
  }

  private QuantEase.Solution run() {
    List<Double> errors = new ArrayList<>();
    for (int t = 0; t < options.iterations; t++) {
      if (t == 0 || options.structured) {
        fitGrids();
      }
      sweeps.sweep(QuantEase.relaxed(t, options.iterations));
      moveOutliers();
      if (options.trace) {
        errors.add(sweeps.error());
      }
    }
    QuantizedMatrix codes = grids.matrix(sweeps.codes(sweeps.value));
    return new QuantEase.Solution(codes.withOutliers(outliers()), errors);
  }

  /** Grids of what is left of each group when outliers are gone. */
  private void fitGrids() {
    boolean[] gone = support.columns(h);
    int size = fit.grid().effectiveGroup(in);
    int groups = fit.grid().groups(in);
    Parallel.rows(
        out,
        8,
        (from, to) -> {
          float[] group = new float[size];
          for (int at = from * groups; at < to * groups; at++) {
            int first = at % groups * size;
            int count = gather(at / groups, first, Math.min(in, first + size), gone, group);
            if (gone == null) {
              fitTrimmed(group, count, at);
            } else {
              fit.fit(group, 0, count, grids.scales(), grids.zeros(), at);
            }
          }
        });
    sweeps.setGrids(grids);
  }

  /** Weights of a group but for columns that are gone, or all if all are. */
  private int gather(int o, int first, int end, boolean[] gone, float[] group) {
    int count = 0;
    for (int i = first; i < end; i++) {
      if (gone == null || !gone[i]) {
        group[count++] = w.data()[o * in + normal.column(i)];
      }
    }
    return count > 0 ? count : gather(o, first, end, null, group);
  }

  /** The range without the outermost weights, half of the share at either end. */
  private void fitTrimmed(float[] group, int count, int at) {
    int trimmed = (int) Math.rint(count * options.fraction / 2);
    if (trimmed == 0) {
      fit.fit(group, 0, count, grids.scales(), grids.zeros(), at);
      return;
    }
    Arrays.sort(group, 0, count);
    float lo = group[Math.min(count, trimmed) - 1];
    float hi = group[Math.max(0, count - 1 - trimmed)];
    fit.range(Math.min(0, lo), Math.max(0, hi), grids.scales(), grids.zeros(), at);
  }

  /** One gradient step on H, and back to as many entries as there may be. */
  private void moveOutliers() {
    float[] moved = new float[h.length];
    Parallel.rows(
        in,
        16,
        (a, b) -> {
          for (int i = a; i < b; i++) {
            double length = step * normal.diagonal(i);
            for (int at = i * out; at < (i + 1) * out; at++) {
              double e = (double) sweeps.target[at] - sweeps.value[at];
              moved[at] = (float) (h[at] + length * (e + sweeps.residual[at]));
            }
          }
        });
    support.keep(moved);
    long changes = 0;
    for (int at = 0; at < h.length; at++) {
      float change = moved[at] - h[at];
      sweeps.target[at] -= change;
      h[at] = change;
      changes += change == 0 ? 0 : 1;
    }
    // h holds the change for now.
    if (options.structured || changes > SPARSE * h.length) {
      subtractColumns();
    } else {
      subtractRows();
    }
    h = moved;
  }

  /** {@code R −= ΔH·N} by columns of ΔH in which anything changed. */
  private void subtractColumns() {
    int block = 128;
    float[] rows = new float[Math.multiplyExact(block, in)];
    float[] change = new float[Math.multiplyExact(block, out)];
    int count = 0;
    for (int i = 0; i < in; i++) {
      boolean any = false;
      for (int at = i * out; at < (i + 1) * out; at++) {
        any |= h[at] != 0;
        change[count * out + at - i * out] = -h[at];
      }
      if (any) {
        System.arraycopy(normal.values(), i * in, rows, count * in, in);
        count++;
      }
      if (count == block || i + 1 == in && count > 0) {
        backend
            .matMul()
            .xtw(in, out, count, rows, 0, in, change, 0, out, sweeps.residual, 0, out, true);
        count = 0;
      }
    }
  }

  /** The same for few changes, row by row. */
  private void subtractRows() {
    Parallel.rows(
        Math.ceilDiv(out, ROWS),
        1,
        (a, b) -> {
          float[][] sums = new float[ROWS][in];
          for (int t = a; t < b; t++) {
            subtractRows(t * ROWS, Math.min(out, (t + 1) * ROWS), sums);
          }
        });
  }

  private void subtractRows(int from, int to, float[][] sums) {
    for (float[] sum : sums) {
      Arrays.fill(sum, 0f);
    }
    for (int i = 0; i < in; i++) {
      for (int o = from; o < to; o++) {
        float change = h[i * out + o];
        if (change != 0) {
          backend.elementwise().scale(in, change, normal.values(), i * in, sums[o - from], 0, true);
        }
      }
    }
    for (int i = 0; i < in; i++) {
      for (int o = from; o < to; o++) {
        sweeps.residual[i * out + o] -= sums[o - from][i];
      }
    }
  }

  /** H as floats of the type that scales have. */
  private Outliers outliers() {
    int[] place = new int[in];
    for (int i = 0; i < in; i++) {
      place[normal.column(i)] = i;
    }
    boolean half = fit.grid().scaleType() == DType.F16;
    return options.structured ? columns(place, half) : entries(place, half);
  }

  private Outliers columns(int[] place, boolean half) {
    boolean[] chosen = support.columns(h);
    int[] columns = new int[in];
    int count = 0;
    for (int k = 0; k < in; k++) {
      if (chosen[place[k]]) {
        columns[count++] = k;
      }
    }
    float[] values = new float[out * count];
    for (int o = 0; o < out; o++) {
      for (int c = 0; c < count; c++) {
        values[o * count + c] = stored(h[place[columns[c]] * out + o], half);
      }
    }
    return new Outliers.Columns(Arrays.copyOf(columns, count), values);
  }

  private Outliers entries(int[] place, boolean half) {
    int[] start = new int[out + 1];
    int count = 0;
    for (float x : h) {
      count += x == 0 ? 0 : 1;
    }
    int[] columns = new int[count];
    float[] values = new float[count];
    int at = 0;
    for (int o = 0; o < out; o++) {
      for (int k = 0; k < in; k++) {
        float x = h[place[k] * out + o];
        if (x != 0) {
          columns[at] = k;
          values[at++] = stored(x, half);
        }
      }
      start[o + 1] = at;
    }
    return new Outliers.Entries(start, columns, values);
  }

  private static float stored(float x, boolean half) {
    return half ? DType.F16.rounded(x) : x;
  }
}

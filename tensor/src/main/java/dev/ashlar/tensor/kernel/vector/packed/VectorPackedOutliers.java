package dev.ashlar.tensor.kernel.vector.packed;

import static dev.ashlar.tensor.kernel.vector.packed.VectorPackedCodes.FLOATS;
import static dev.ashlar.tensor.kernel.vector.packed.VectorPackedCodes.LANES;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.quant.Outliers;
import jdk.incubator.vector.FloatVector;

/**
 * The outliers' part of a product, added to that of the codes. Every element of the result is a sum
 * in order of the columns that one thread adds at once, so neither threads nor other rows of
 * activations change a bit of it.
 */
abstract sealed class VectorPackedOutliers
    permits VectorPackedOutliers.Entries, VectorPackedOutliers.Columns {
  /** What the kernel makes of {@code outliers} of {@code out} rows. */
  static VectorPackedOutliers of(int out, int in, Outliers outliers) {
    return switch (outliers) {
      case Outliers.Entries e -> new Entries(out, in, e);
      case Outliers.Columns c -> new Columns(out, in, c);
    };
  }

  final int out;
  final int in;

  private VectorPackedOutliers(int out, int in) {
    this.out = out;
    this.in = in;
  }

  abstract long byteSize();

  /** {@code y[m, out] += x[m, in] · outliersᵀ}. */
  abstract void add(int m, float[] x, int xOff, float[] y, int yOff, VectorPackedScratch scratch);

  /** Single entries: too few and too scattered for lanes. */
  static final class Entries extends VectorPackedOutliers {
    private final Outliers.Entries entries;
    private final int grainWork;

    private Entries(int out, int in, Outliers.Entries entries) {
      super(out, in);
      int[] start = entries.start().clone();
      int[] columns = entries.columns().clone();
      this.entries = new Outliers.Entries(start, columns, entries.values().clone());
      this.grainWork = 8 * Math.max(1, entries.count() / Math.max(1, out));
    }

    @Override
    long byteSize() {
      return entries.byteSize();
    }

    @Override
    void add(int m, float[] x, int xOff, float[] y, int yOff, VectorPackedScratch scratch) {
      Parallel.rows(
          out,
          VectorPacked.grain((long) m * grainWork),
          (from, to) -> {
            for (int o = from; o < to; o++) {
              for (int r = 0; r < m; r++) {
                y[yOff + r * out + o] += sum(o, x, xOff + r * in);
              }
            }
          });
    }

    private float sum(int o, float[] x, int at) {
      int[] columns = entries.columns();
      float[] values = entries.values();
      float sum = 0;
      for (int i = entries.start()[o]; i < entries.start()[o + 1]; i++) {
        sum = Math.fma(values[i], x[at + columns[i]], sum);
      }
      return sum;
    }
  }

  /** Whole columns, {@code [block, n, LANES]}: lanes are rows of the weight. */
  static final class Columns extends VectorPackedOutliers {
    private final int[] columns;
    private final float[] lanes;

    private Columns(int out, int in, Outliers.Columns from) {
      super(out, in);
      this.columns = from.columns().clone();
      int n = columns.length;
      this.lanes = new float[Math.multiplyExact(Math.ceilDiv(out, LANES) * n, LANES)];
      for (int o = 0; o < out; o++) {
        for (int j = 0; j < n; j++) {
          lanes[(o / LANES * n + j) * LANES + o % LANES] = from.values()[o * n + j];
        }
      }
    }

    @Override
    long byteSize() {
      return 4L * columns.length + 4L * lanes.length;
    }

    @Override
    void add(int m, float[] x, int xOff, float[] y, int yOff, VectorPackedScratch scratch) {
      int n = columns.length;
      float[] few = scratch.columns(Math.multiplyExact(m, n));
      for (int r = 0; r < m; r++) {
        for (int j = 0; j < n; j++) {
          few[r * n + j] = x[xOff + r * in + columns[j]];
        }
      }
      Parallel.rows(
          Math.ceilDiv(out, LANES),
          VectorPacked.grain((long) m * n * LANES),
          (from, to) -> {
            for (int b = from; b < to; b++) {
              for (int r = 0; r < m; r++) {
                block(b, few, r * n, y, yOff + r * out + b * LANES);
              }
            }
          });
    }

    private void block(int b, float[] few, int at, float[] y, int yAt) {
      int n = columns.length;
      FloatVector sum = FloatVector.zero(FLOATS);
      for (int j = 0; j < n; j++) {
        FloatVector e = FloatVector.broadcast(FLOATS, few[at + j]);
        sum = FloatVector.fromArray(FLOATS, lanes, (b * n + j) * LANES).fma(e, sum);
      }
      if (out - b * LANES >= LANES) {
        FloatVector.fromArray(FLOATS, y, yAt).add(sum).intoArray(y, yAt);
        return;
      }
      float[] last = sum.toArray();
      for (int i = 0; i < out - b * LANES; i++) {
        y[yAt + i] += last[i];
      }
    }
  }
}

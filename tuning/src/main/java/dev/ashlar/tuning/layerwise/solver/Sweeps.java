package dev.ashlar.tuning.layerwise.solver;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.kernel.Backend;

/**
 * Cyclic coordinate descent on {@code ‖(T − Ŵ)Xᵀ‖²} for a target T, which keeps {@code R = E·N} of
 * the residual {@code E = T − Ŵ} current, so that a sweep is products of rank 128 and little else.
 *
 * <p>All matrices lie transposed, {@code [in, out]}, positions in the order of the {@link
 * NormalMatrix}: a column's rows are contiguous, and rows are independent.
 */
final class Sweeps {
  /** Columns whose effect on the others is applied in one product. */
  private static final int BLOCK = 128;

  /** Rows that are worked on together, for large layers and for small ones. */
  private static final int TILE = 256;

  private static final int SMALL_TILE = 128;
  private static final int LARGE = 1024;

  /** Added and taken away again, this rounds floats below 2^22 half to even. */
  private static final float ROUNDER = 0x1.8p23f;

  private final int out;
  private final int in;
  private final NormalMatrix normal;
  private final Backend backend;

  /** T, Ŵ and R, {@code [in, out]}. */
  final float[] target;

  final float[] value;
  final float[] residual;

  /** Old minus new values of a block's columns, {@code [BLOCK, out]}. */
  private final float[] change;

  /** Group of each position; scales and zero points {@code [groups][out]}. */
  private final int[] group;

  private float[][] scales;
  private float[][] zeros;
  private int most;

  /**
   * Begins with {@code Ŵ = T}, or with {@code start}.
   *
   * @param w T {@code [out, in]} in original order
   * @param start Ŵ likewise, or null
   */
  Sweeps(Tensor w, Grids grids, NormalMatrix normal, Tensor start, Backend backend) {
    this.out = w.dim(0);
    this.in = w.dim(1);
    this.normal = normal;
    this.backend = backend;
    this.target = transposed(w);
    this.value = start == null ? target.clone() : transposed(start);
    this.residual = new float[target.length];
    this.change = new float[Math.multiplyExact(BLOCK, out)];
    this.group = new int[in];
    setGrids(grids);
    if (start != null) {
      recompute();
    }
  }

  private float[] transposed(Tensor w) {
    float[] t = new float[w.size()];
    float[] from = w.data();
    Parallel.rows(
        in,
        16,
        (a, b) -> {
          for (int o = 0; o < out; o++) {
            for (int i = a; i < b; i++) {
              t[i * out + o] = from[o * in + normal.column(i)];
            }
          }
        });
    return t;
  }

  /** Other grids from now on. */
  final void setGrids(Grids grids) {
    int groups = grids.perRow();
    most = grids.grid().maxCode();
    scales = new float[groups][out];
    zeros = new float[groups][out];
    for (int o = 0; o < out; o++) {
      for (int g = 0; g < groups; g++) {
        scales[g][o] = grids.scales()[o * groups + g];
        zeros[g][o] = grids.zeros()[o * groups + g] & 0xFF;
      }
    }
    for (int i = 0; i < in; i++) {
      group[i] = grids.groupOfColumn()[normal.column(i)];
    }
  }

  /** R from scratch. */
  void recompute() {
    float[] e = new float[target.length];
    backend.elementwise().copy(e.length, target, 0, e, 0, false);
    backend.elementwise().scale(e.length, -1, value, 0, e, 0, true);
    backend.matMul().xtw(in, out, in, normal.values(), 0, in, e, 0, out, residual, 0, out, false);
  }

  /**
   * Goes through all columns once.
   *
   * @param relaxed whether columns take their best values as they are, not rounded to the grid
   * @return whether any value changed
   */
  boolean sweep(boolean relaxed) {
    boolean changed = false;
    for (int first = 0; first < in; first += BLOCK) {
      int start = first;
      int end = Math.min(in, first + BLOCK);
      int tile = out >= LARGE ? TILE : SMALL_TILE;
      int tiles = Math.ceilDiv(out, tile);
      boolean[] moved = new boolean[tiles];
      Parallel.rows(
          tiles,
          1,
          (a, b) -> {
            Scratch s = new Scratch(tile);
            for (int t = a; t < b; t++) {
              moved[t] = tile(start, end, t * tile, Math.min(out, (t + 1) * tile), relaxed, s);
            }
          });
      boolean any = false;
      for (boolean m : moved) {
        any |= m;
      }
      if (any) {
        changed = true;
        backend
            .matMul()
            .xtw(
                in,
                out,
                end - first,
                normal.values(),
                first * in,
                in,
                change,
                0,
                out,
                residual,
                0,
                out,
                true);
      }
    }
    return changed;
  }

  /** One tile's columns; arrays of their own, so that loops over rows go by one index. */
  private static final class Scratch {
    final float[][] residual;
    final float[][] change;
    final float[] target;
    final float[] old;
    final float[] scale;
    final float[] low;
    final float[] high;

    Scratch(int tile) {
      residual = new float[BLOCK][tile];
      change = new float[BLOCK][tile];
      target = new float[tile];
      old = new float[tile];
      scale = new float[tile];
      low = new float[tile];
      high = new float[tile];
    }
  }

  /** Columns {@code [first, end)} of rows {@code [from, to)}. */
  private boolean tile(int first, int end, int from, int to, boolean relaxed, Scratch s) {
    int n = to - from;
    int width = end - first;
    float[][] c = s.residual;
    float[][] d = s.change;
    float[] m = normal.values();
    for (int j = 0; j < width; j++) {
      System.arraycopy(residual, (first + j) * out + from, c[j], 0, n);
    }
    boolean moved = false;
    for (int j0 = 0; j0 < width; j0 += 4) {
      int j1 = Math.min(width, j0 + 4);
      for (int j = j0; j < j1; j++) {
        for (int k = j0; k < j; k++) {
          add(n, m[(first + k) * in + first + j], d[k], c[j]);
        }
        moved |= column(first + j, from, n, c[j], d[j], relaxed, s);
        System.arraycopy(d[j], 0, change, j * out + from, n);
      }
      for (int k = j1; k < width; k++) {
        int at = (first + j0) * in + first + k;
        add(
            n,
            m[at],
            m[at + in],
            m[at + 2 * in],
            m[at + 3 * in],
            d[j0],
            d[j0 + 1],
            d[j0 + 2],
            d[j0 + 3],
            c[k]);
      }
    }
    return moved;
  }

  private static void add(int n, float a, float[] d, float[] c) {
    for (int r = 0; r < n; r++) {
      c[r] = Math.fma(a, d[r], c[r]);
    }
  }

  private static void add(
      int n,
      float a0,
      float a1,
      float a2,
      float a3,
      float[] d0,
      float[] d1,
      float[] d2,
      float[] d3,
      float[] c) {
    for (int r = 0; r < n; r++) {
      c[r] =
          Math.fma(a3, d3[r], Math.fma(a2, d2[r], Math.fma(a1, d1[r], Math.fma(a0, d0[r], c[r]))));
    }
  }

  /**
   * One column of a tile.
   *
   * @param c its rows of R, with what the block's earlier columns have changed; used up
   * @param d receives old minus new values
   */
  private boolean column(
      int position, int from, int n, float[] c, float[] d, boolean relaxed, Scratch s) {
    boolean dead = normal.isDead(position);
    int at = position * out + from;
    System.arraycopy(target, at, s.target, 0, n);
    System.arraycopy(value, at, s.old, 0, n);
    best(n, s.target, c);
    if (!relaxed || dead) {
      int g = group[position];
      System.arraycopy(scales[g], from, s.scale, 0, n);
      System.arraycopy(zeros[g], from, s.low, 0, n);
      bounds(n, most, s.low, s.high);
      round(n, c, s.scale, s.low, s.high);
    }
    System.arraycopy(c, 0, value, at, n);
    return difference(n, s.old, c, d);
  }

  private static void best(int n, float[] t, float[] c) {
    for (int r = 0; r < n; r++) {
      c[r] += t[r];
    }
  }

  /** Zero points to the lowest and highest code counted from them. */
  private static void bounds(int n, float most, float[] low, float[] high) {
    for (int r = 0; r < n; r++) {
      float zero = low[r];
      high[r] = most - zero;
      low[r] = -zero;
    }
  }

  /** Values to the nearest of the grid: as {@link GridFit#code}, the clamp before the rounding. */
  private static void round(int n, float[] c, float[] scale, float[] low, float[] high) {
    for (int r = 0; r < n; r++) {
      float steps = Math.max(low[r], Math.min(high[r], c[r] / scale[r]));
      c[r] = scale[r] * (steps + ROUNDER - ROUNDER);
    }
  }

  private static boolean difference(int n, float[] old, float[] now, float[] d) {
    int bits = 0;
    for (int r = 0; r < n; r++) {
      d[r] = old[r] - now[r];
    }
    for (int r = 0; r < n; r++) {
      bits |= Float.floatToRawIntBits(d[r]) << 1;
    }
    return bits != 0;
  }

  /** {@code tr(E·Σ·Eᵀ)} for the Σ that the normal matrix was made of. */
  double error() {
    double[] parts = new double[in];
    Parallel.rows(
        in,
        16,
        (a, b) -> {
          for (int i = a; i < b; i++) {
            double sum = 0;
            for (int at = i * out; at < (i + 1) * out; at++) {
              double e = (double) target[at] - value[at];
              sum += e * (e + residual[at]);
            }
            parts[i] = sum * normal.diagonal(i);
          }
        });
    double error = 0;
    for (double part : parts) {
      error += part;
    }
    return error;
  }

  /** The codes of {@code values [in, out]}, which lie on the grids, in original order. */
  byte[] codes(float[] values) {
    byte[] codes = new byte[values.length];
    Parallel.rows(
        out,
        8,
        (a, b) -> {
          for (int i = 0; i < in; i++) {
            for (int o = a; o < b; o++) {
              float steps = (float) Math.rint(values[i * out + o] / scales[group[i]][o]);
              codes[o * in + normal.column(i)] = (byte) (steps + zeros[group[i]][o]);
            }
          }
        });
    return codes;
  }
}

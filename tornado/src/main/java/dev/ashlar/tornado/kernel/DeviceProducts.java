package dev.ashlar.tornado.kernel;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.annotations.Parallel;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Products of float matrices in the three layouts of training, row-major and without gaps, as
 * {@code MatMulKernel} defines them. A work item has one element of the result.
 */
public final class DeviceProducts {
  /** Rows and columns of the tiles that a group shares. */
  public static final int TILE = 16;

  private DeviceProducts() {}

  /**
   * {@code c[m, n] = keep · c + a[m, k] · b[n, k]ᵀ}: a linear map.
   *
   * @param keep 0 to write, 1 to add
   */
  public static void xwt(FloatArray a, FloatArray b, FloatArray c, int m, int n, int k, int keep) {
    for (@Parallel int i = 0; i < m; i++) {
      for (@Parallel int j = 0; j < n; j++) {
        float sum = 0;
        for (int p = 0; p < k; p++) {
          sum += a.get(i * k + p) * b.get(j * k + p);
        }
        int at = i * n + j;
        c.set(at, keep == 0 ? sum : c.get(at) + sum);
      }
    }
  }

  /** {@link #xwt} of the first rows only, as many as {@code active} says; the others stay. */
  public static void xwtOfActive(
      FloatArray a, FloatArray b, FloatArray c, IntArray active, int m, int n, int k) {
    for (@Parallel int i = 0; i < m; i++) {
      for (@Parallel int j = 0; j < n; j++) {
        if (i < active.get(0)) {
          float sum = 0;
          for (int p = 0; p < k; p++) {
            sum += a.get(i * k + p) * b.get(j * k + p);
          }
          c.set(i * n + j, sum);
        }
      }
    }
  }

  /** {@code c[m, n] = keep · c + a[m, k] · b[k, n]}: the gradient of a linear map's input. */
  public static void xw(FloatArray a, FloatArray b, FloatArray c, int m, int n, int k, int keep) {
    for (@Parallel int i = 0; i < m; i++) {
      for (@Parallel int j = 0; j < n; j++) {
        float sum = 0;
        for (int p = 0; p < k; p++) {
          sum += a.get(i * k + p) * b.get(p * n + j);
        }
        int at = i * n + j;
        c.set(at, keep == 0 ? sum : c.get(at) + sum);
      }
    }
  }

  /** {@code c[m, n] = keep · c + a[k, m]ᵀ · b[k, n]}: the gradient of a linear map's matrix. */
  public static void xtw(FloatArray a, FloatArray b, FloatArray c, int m, int n, int k, int keep) {
    for (@Parallel int i = 0; i < m; i++) {
      for (@Parallel int j = 0; j < n; j++) {
        float sum = 0;
        for (int p = 0; p < k; p++) {
          sum += a.get(p * m + i) * b.get(p * n + j);
        }
        int at = i * n + j;
        c.set(at, keep == 0 ? sum : c.get(at) + sum);
      }
    }
  }

  /**
   * {@link #xwt} by groups of {@link #TILE}² work items, which share a tile of each matrix; groups
   * go along the rows of tiles. Work items of a group are in one dimension, so that any backend
   * orders them alike.
   *
   * @param tilesPerRow {@code ⌈n / TILE⌉}; there are {@code ⌈m / TILE⌉} rows of as many groups
   */
  public static void xwtTiled(
      KernelContext context,
      FloatArray a,
      FloatArray b,
      FloatArray c,
      int m,
      int n,
      int k,
      int tilesPerRow) {
    float[] left = context.allocateFloatLocalArray(TILE * TILE);
    float[] right = context.allocateFloatLocalArray(TILE * TILE);
    int local = context.localIdx;
    int group = context.groupIdx;
    int y = local / TILE;
    int x = local % TILE;
    int row = group / tilesPerRow * TILE + y;
    int column = group % tilesPerRow * TILE + x;
    int other = group % tilesPerRow * TILE + y;
    float sum = 0;
    for (int from = 0; from < k; from += TILE) {
      int p = from + x;
      left[local] = row < m && p < k ? a.get(row * k + p) : 0;
      right[local] = other < n && p < k ? b.get(other * k + p) : 0;
      context.localBarrier();
      for (int t = 0; t < TILE; t++) {
        sum += left[y * TILE + t] * right[x * TILE + t];
      }
      context.localBarrier();
    }
    if (row < m && column < n) {
      c.set(row * n + column, sum);
    }
  }

  /** {@link #xw} by groups, as {@link #xwtTiled}. */
  public static void xwTiled(
      KernelContext context,
      FloatArray a,
      FloatArray b,
      FloatArray c,
      int m,
      int n,
      int k,
      int tilesPerRow,
      int keep) {
    float[] left = context.allocateFloatLocalArray(TILE * TILE);
    float[] right = context.allocateFloatLocalArray(TILE * TILE);
    int local = context.localIdx;
    int group = context.groupIdx;
    int y = local / TILE;
    int x = local % TILE;
    int row = group / tilesPerRow * TILE + y;
    int column = group % tilesPerRow * TILE + x;
    float sum = 0;
    for (int from = 0; from < k; from += TILE) {
      left[local] = row < m && from + x < k ? a.get(row * k + from + x) : 0;
      right[local] = column < n && from + y < k ? b.get((from + y) * n + column) : 0;
      context.localBarrier();
      for (int t = 0; t < TILE; t++) {
        sum += left[y * TILE + t] * right[t * TILE + x];
      }
      context.localBarrier();
    }
    if (row < m && column < n) {
      int at = row * n + column;
      c.set(at, keep == 0 ? sum : c.get(at) + sum);
    }
  }
}

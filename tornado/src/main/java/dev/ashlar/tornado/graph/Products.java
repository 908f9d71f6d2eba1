package dev.ashlar.tornado.graph;

import dev.ashlar.tornado.kernel.DeviceGradients;
import dev.ashlar.tornado.kernel.DeviceProducts;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Products of float matrices as tasks: by groups where the tasks use them, by loops otherwise. */
public final class Products {
  private static final int TILE = DeviceProducts.TILE;

  private Products() {}

  /** {@code c[m, n] = a[m, k] · b[n, k]ᵀ}. */
  public static void xwt(
      Tasks tasks, FloatArray a, FloatArray b, FloatArray c, int m, int n, int k) {
    if (!tasks.usesGroups()) {
      tasks.add((g, id) -> g.task(id, DeviceProducts::xwt, a, b, c, m, n, k, 0));
      return;
    }
    int perRow = Math.ceilDiv(n, TILE);
    tasks.addGroups(
        tiles(m, n),
        TILE * TILE,
        (g, id) -> g.task(id, DeviceProducts::xwtTiled, tasks.context(), a, b, c, m, n, k, perRow));
  }

  /**
   * {@code c[m, n] = keep · c + a[m, k] · b[k, n]}.
   *
   * @param keep 0 to write, 1 to add
   */
  public static void xw(
      Tasks tasks, FloatArray a, FloatArray b, FloatArray c, int m, int n, int k, int keep) {
    if (!tasks.usesGroups()) {
      tasks.add((g, id) -> g.task(id, DeviceProducts::xw, a, b, c, m, n, k, keep));
      return;
    }
    int perRow = Math.ceilDiv(n, TILE);
    tasks.addGroups(
        tiles(m, n),
        TILE * TILE,
        (g, id) ->
            g.task(id, DeviceProducts::xwTiled, tasks.context(), a, b, c, m, n, k, perRow, keep));
  }

  /**
   * The gradient of a linear map's matrix, {@code dw[out, in] = dy[rows, out]ᵀ · x[rows, in]}.
   *
   * @param mode one element, as {@link DeviceGradients#weights} has it
   */
  public static void weightGradient(
      Tasks tasks,
      FloatArray dy,
      FloatArray x,
      FloatArray dw,
      IntArray mode,
      int out,
      int in,
      int rows) {
    int part = DeviceGradients.PART;
    if (!tasks.usesGroups()) {
      tasks.add(
          (g, id) -> g.task(id, DeviceGradients::weights, dy, x, dw, mode, out, in, rows, part));
      return;
    }
    int perRow = Math.ceilDiv(in, TILE);
    tasks.addGroups(
        tiles(out, in),
        TILE * TILE,
        (g, id) ->
            g.task(
                id,
                DeviceGradients::weightsTiled,
                tasks.context(),
                dy,
                x,
                dw,
                mode,
                out,
                in,
                rows,
                part,
                perRow));
  }

  private static int tiles(int rows, int columns) {
    return Math.multiplyExact(Math.ceilDiv(rows, TILE), Math.ceilDiv(columns, TILE));
  }
}

package dev.ashlar.tuning.layerwise.solver;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import java.util.stream.IntStream;

/**
 * The grids of all groups of a layer {@code [out, in]}.
 *
 * @param grid what they have in common
 * @param scales {@code [out, groups]}
 * @param zeros zero points, {@code [out, groups]}
 * @param groupOfColumn {@code [in]}
 */
public record Grids(IntegerGrid grid, float[] scales, byte[] zeros, int[] groupOfColumn) {
  private static final int GRAIN = 1 << 14;

  /** Room for grids of consecutive columns, not fitted yet. */
  public static Grids empty(int out, int in, IntegerGrid grid) {
    int size = grid.effectiveGroup(in);
    int[] groupOfColumn = new int[in];
    for (int k = 0; k < in; k++) {
      groupOfColumn[k] = k / size;
    }
    int count = Math.multiplyExact(out, grid.groups(in));
    return new Grids(grid, new float[count], new byte[count], groupOfColumn);
  }

  /** The grids of consecutive columns of {@code w [out, in]}. */
  public static Grids of(Tensor w, GridFit fit) {
    int out = w.dim(0);
    int in = w.dim(1);
    Grids grids = empty(out, in, fit.grid());
    int size = fit.grid().effectiveGroup(in);
    int groups = fit.grid().groups(in);
    Parallel.rows(
        out,
        Math.max(1, GRAIN / in),
        (from, to) -> {
          for (int at = from * groups; at < to * groups; at++) {
            int first = at % groups * size;
            int count = Math.min(size, in - first);
            fit.fit(w.data(), at / groups * in + first, count, grids.scales, grids.zeros, at);
          }
        });
    return grids;
  }

  /**
   * The grids of groups that are cut from the columns of {@code w [out, in]} in another order.
   *
   * @param order the original column at each position, {@code [in]}
   */
  public static Grids of(Tensor w, GridFit fit, int[] order) {
    int in = w.dim(1);
    float[] ordered = ColumnOrder.ordered(w, order);
    Grids grids = of(Tensor.of(ordered, w.dim(0), in), fit);
    int size = fit.grid().effectiveGroup(in);
    for (int i = 0; i < in; i++) {
      grids.groupOfColumn[order[i]] = i / size;
    }
    return grids;
  }

  /**
   * The grids of a matrix, shared with it.
   *
   * @throws IllegalArgumentException if its codes are no integers with zero points
   */
  public static Grids of(QuantizedMatrix m) {
    return new Grids(
        m.scheme(),
        m.zeroPoints().scales(),
        m.zeroPoints().zeros(),
        IntStream.range(0, m.in()).map(m::group).toArray());
  }

  /** Groups of a row. */
  public int perRow() {
    return grid.groups(groupOfColumn.length);
  }

  /**
   * Codes on these grids as a matrix; groups of columns are mentioned only if they do not lie
   * together.
   *
   * @param codes {@code [out, in]}, kept
   */
  public QuantizedMatrix matrix(byte[] codes) {
    int in = groupOfColumn.length;
    int size = grid.effectiveGroup(in);
    boolean together = true;
    for (int k = 0; k < in; k++) {
      together &= groupOfColumn[k] == k / size;
    }
    QuantizedMatrix m = new QuantizedMatrix(codes.length / in, in, grid, codes, scales, zeros);
    return together ? m : m.withGroupOfColumn(groupOfColumn);
  }

  /** The nearest codes of {@code w [out, in]}. */
  public QuantizedMatrix nearest(Tensor w) {
    int in = groupOfColumn.length;
    byte[] codes = new byte[w.size()];
    int groups = perRow();
    int most = grid.maxCode();
    Parallel.rows(
        w.dim(0),
        Math.max(1, GRAIN / in),
        (from, to) -> {
          for (int i = from * in; i < to * in; i++) {
            int at = i / in * groups + groupOfColumn[i % in];
            float code = (float) Math.rint(w.data()[i] / scales[at]) + (zeros[at] & 0xFF);
            codes[i] = (byte) Math.clamp(code, 0f, most);
          }
        });
    return matrix(codes);
  }
}

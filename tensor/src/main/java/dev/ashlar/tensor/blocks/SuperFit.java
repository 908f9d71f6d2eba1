package dev.ashlar.tensor.blocks;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.kernel.GridSumsKernel;
import dev.ashlar.tensor.quant.Codes;
import dev.ashlar.tensor.quant.Groups.SuperBlocks;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tensor.quant.SuperGrid;

/** Matrices on grids of two levels, as near as the search of GGUF's k-quants finds. */
public final class SuperFit {
  private static final int GRAIN = 1 << 12;

  private SuperFit() {}

  /**
   * The block of {@code row} that begins at column {@code from}.
   *
   * @param kernel computes sums
   */
  public static FittedBlock block(GridSumsKernel kernel, SuperGrid grid, Row row, int from) {
    float[] weights = Weights.of(row, from, grid.blockSize());
    return grid.symmetric()
        ? new SignedSuperBlock(kernel, row, from, weights, grid).fitted()
        : new OffsetSuperBlock(kernel, row, from, weights, grid).fitted();
  }

  /**
   * The matrix whose weighted error is small.
   *
   * @param w {@code [out, in]}, finite, rows of whole super-blocks
   * @param importance what an error in a column counts, {@code [in]}, as {@link Row#counting} has
   *     it; null if all count alike
   * @param backend computes sums
   */
  public static QuantizedMatrix of(Tensor w, SuperGrid grid, float[] importance, Backend backend) {
    GridSumsKernel kernel = backend.gridSums();
    int out = w.dim(0);
    int in = w.dim(1);
    require(grid, in);
    int size = grid.blockSize();
    int blocks = in / size;
    byte[] codes = new byte[out * in];
    float[] steps = new float[out * blocks];
    float[] belows = new float[out * blocks];
    byte[] scales = new byte[out * blocks * grid.perBlock()];
    byte[] minimums = new byte[scales.length];
    Parallel.rows(
        out,
        Math.max(1, GRAIN / in),
        (from, to) -> {
          float[] values = new float[in];
          for (int o = from; o < to; o++) {
            System.arraycopy(w.data(), o * in, values, 0, in);
            Row row = new Row(values, importance);
            for (int b = 0; b < blocks; b++) {
              FittedBlock fit = block(kernel, grid, row, b * size);
              int at = o * blocks + b;
              steps[at] = fit.step();
              belows[at] = fit.below();
              for (int j = 0; j < grid.perBlock(); j++) {
                scales[at * grid.perBlock() + j] = (byte) fit.scales()[j];
                minimums[at * grid.perBlock() + j] = (byte) fit.minimums()[j];
              }
              for (int i = 0; i < size; i++) {
                codes[at * size + i] = (byte) fit.codes()[i];
              }
            }
          }
        });
    return matrix(out, in, grid, codes, steps, scales, belows, minimums);
  }

  /**
   * Refuses rows that super-blocks do not divide.
   *
   * @throws IllegalArgumentException naming both
   */
  public static void require(SuperGrid grid, int in) {
    if (!grid.divides(in)) {
      throw new IllegalArgumentException(
          "super-blocks of " + grid.blockSize() + " do not divide rows of " + in);
    }
  }

  /** A matrix of parts; minimums and their floats do not matter where the grid has none. */
  public static QuantizedMatrix matrix(
      int out,
      int in,
      SuperGrid grid,
      byte[] codes,
      float[] steps,
      byte[] scales,
      float[] belows,
      byte[] minimums) {
    SuperBlocks.Offset offset =
        grid.symmetric()
            ? new SuperBlocks.Offset.ZeroPoint(grid.middle())
            : new SuperBlocks.Offset.Below(new SuperBlocks.Multiples(belows, minimums));
    return new QuantizedMatrix(
        out,
        in,
        new Codes.Integers(grid.bits(), codes),
        new SuperBlocks(
            grid.groupSize(), grid.perBlock(), new SuperBlocks.Multiples(steps, scales), offset));
  }
}

package dev.ashlar.tuning.awq;

import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.kernel.FakeQuantKernel;
import dev.ashlar.tensor.quant.IntegerGrid;

/**
 * Weights as rounding to nearest leaves them, in floats and row by row, for searches that round
 * many candidates and want no codes.
 */
final class Nearest {
  private final FakeQuantKernel kernel;
  private final FakeQuantKernel.Parameters parameters;
  private final float[] scales;
  private final byte[] zeros;

  /**
   * @param w {@code [out, in]}, not changed here; may be filled until its rows are rounded
   */
  Nearest(float[] w, int out, int in, IntegerGrid grid, Backend backend) {
    int groups = out * grid.groups(in);
    this.kernel = backend.fakeQuant();
    this.parameters =
        new FakeQuantKernel.Parameters(
            grid, out, in, w, new float[groups], new float[groups], null, null, null);
    this.scales = new float[groups];
    this.zeros = new byte[groups];
  }

  /** Rounds rows {@code [from, to)} into {@code rounded [out, in]}. */
  void rows(int from, int to, float[] rounded) {
    FakeQuantKernel.Parameters p = parameters;
    kernel.range(p.scheme(), from, to, p.in(), p.weight(), p.wMin(), p.wMax());
    kernel.forward(p, from, to, rounded, null, scales, zeros);
  }
}

package dev.ashlar.tuning.awq;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.kernel.FakeQuantKernel;
import dev.ashlar.tensor.quant.IntegerGrid;
import java.util.Arrays;

/**
 * Weights as rounding to nearest leaves them, in floats and row by row, for searches that round
 * many candidates and want no codes.
 */
final class Nearest {
  private static final int GRAIN = 1 << 14;

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

  /**
   * What rounding {@code w·t} makes of {@code w}, the factors being taken out again.
   *
   * @param w {@code [out, in]}, not changed
   * @param t a factor for each channel, {@code [in]}
   */
  static Tensor of(Tensor w, float[] t, IntegerGrid grid, Backend backend) {
    int out = w.dim(0);
    int in = w.dim(1);
    float[] scaled = new float[w.size()];
    float[] rounded = new float[w.size()];
    Nearest nearest = new Nearest(scaled, out, in, grid, backend);
    Parallel.rows(
        out,
        Math.max(1, GRAIN / in),
        (from, to) -> {
          for (int i = from * in; i < to * in; i++) {
            scaled[i] = w.data()[i] * t[i % in];
          }
          nearest.rows(from, to, rounded);
          for (int i = from * in; i < to * in; i++) {
            rounded[i] /= t[i % in];
          }
        });
    return Tensor.of(rounded, out, in);
  }

  /** No factors, {@code [in]}. */
  static float[] ones(int in) {
    float[] ones = new float[in];
    Arrays.fill(ones, 1f);
    return ones;
  }

  /** Rounds rows {@code [from, to)} into {@code rounded [out, in]}. */
  void rows(int from, int to, float[] rounded) {
    FakeQuantKernel.Parameters p = parameters;
    kernel.range(p.scheme(), from, to, p.in(), p.weight(), p.wMin(), p.wMax());
    kernel.forward(p, from, to, rounded, null, scales, zeros);
  }
}

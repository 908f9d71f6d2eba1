package dev.ashlar.tensor.affine;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.kernel.ActivationPrecision;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.kernel.FakeQuantKernel;
import dev.ashlar.tensor.kernel.PackedKernel;
import dev.ashlar.tensor.quant.Codes;
import dev.ashlar.tensor.quant.Groups;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import java.util.Arrays;

/**
 * Affine quantization of a weight matrix {@code [out, in]}: {@code w ≈ scale · (code − zero)}.
 *
 * <p>One scale and zero point serve a group of inputs of a row, a row (a channel) or the whole
 * matrix. Symmetric grids have the full range and a signed scale; asymmetric ones span minimum and
 * maximum, both taken to include zero. Rounding is half to even. Codes, scales and zero points are
 * those of round-to-nearest in AutoRound (arXiv 2309.05516, section 3, with V = 0 and α = β = 1),
 * bit for bit.
 *
 * <p>Arguments are read only; results are new.
 */
public final class Affine {
  /** Weights below which another thread does not pay. */
  private static final int GRAIN = 1 << 14;

  private Affine() {}

  /**
   * Scales and zero points that put the minimum and maximum of each group on the grid.
   *
   * @param w {@code [out, in]}, finite
   * @param grid groups of {@link IntegerGrid#groupSize} inputs, or whole rows
   * @throws IllegalArgumentException if {@code w} is no matrix or not finite, or a group spans more
   *     than the grid's scale type can hold
   */
  public static Groups.ZeroPoints parameters(Tensor w, IntegerGrid grid) {
    requireMatrix(w);
    Groups.ZeroPoints found = round(w, grid, Backends.chosen(), null);
    int groups = grid.groups(w.dim(1));
    for (int i = 0; i < found.scales().length; i++) {
      if (!Float.isFinite(found.scales()[i])) {
        throw new IllegalArgumentException(
            "row "
                + i / groups
                + ", group "
                + i % groups
                + " spans more than a "
                + grid.scaleType()
                + " scale of "
                + grid.bits()
                + " bits can hold");
      }
    }
    return found;
  }

  /**
   * {@link #parameters} and the {@link #quantize nearest codes} under them in one pass, for callers
   * who look after weights and scales themselves.
   *
   * @param w {@code [out, in]}, finite, which is not checked
   * @return a scale that its type cannot hold is infinite in it
   */
  public static QuantizedMatrix nearest(Tensor w, IntegerGrid grid, Backend backend) {
    byte[] codes = new byte[w.size()];
    Groups.ZeroPoints groups = round(w, grid, backend, codes);
    return new QuantizedMatrix(w.dim(0), w.dim(1), new Codes.Integers(grid.bits(), codes), groups);
  }

  /**
   * Puts minimum and maximum of each group on the grid.
   *
   * @param codes receives the nearest codes, unless it is null
   */
  private static Groups.ZeroPoints round(
      Tensor w, IntegerGrid grid, Backend backend, byte[] codes) {
    int out = w.dim(0);
    int in = w.dim(1);
    float[] low = new float[Math.multiplyExact(out, grid.groups(in))];
    float[] high = new float[low.length];
    float[] scales = new float[low.length];
    byte[] zeros = new byte[low.length];
    FakeQuantKernel kernel = backend.fakeQuant();
    FakeQuantKernel.Parameters p =
        new FakeQuantKernel.Parameters(grid, out, in, w.data(), low, high, null, null, null);
    Parallel.rows(
        out,
        Math.max(1, GRAIN / in),
        (from, to) -> {
          kernel.range(grid, from, to, in, w.data(), low, high);
          kernel.forward(p, from, to, null, codes, scales, zeros);
        });
    return new Groups.ZeroPoints(grid, scales, zeros);
  }

  /**
   * One scale and zero point for the whole matrix, repeated for every row.
   *
   * @param w {@code [out, in]}, finite
   * @param grid one of whole rows ({@code groupSize} −1)
   * @throws IllegalArgumentException as {@link #parameters}
   */
  public static Groups.ZeroPoints parametersOfTensor(Tensor w, IntegerGrid grid) {
    requireMatrix(w);
    if (grid.groupSize() != -1) {
      throw new IllegalArgumentException(
          "one scale for the matrix needs groups of whole rows, not of " + grid.groupSize());
    }
    Groups.ZeroPoints one = parameters(Tensor.of(w.data(), 1, w.size()), grid);
    float[] scales = new float[w.dim(0)];
    byte[] zeros = new byte[w.dim(0)];
    Arrays.fill(scales, one.scales()[0]);
    Arrays.fill(zeros, one.zeros()[0]);
    return new Groups.ZeroPoints(grid, scales, zeros);
  }

  /**
   * The nearest codes under given parameters; what lies outside of a grid gets its first or last
   * code.
   *
   * @param w {@code [out, in]}, finite
   * @throws IllegalArgumentException if {@code w} is no matrix or not finite, or the parameters are
   *     those of another shape
   */
  public static QuantizedMatrix quantize(Tensor w, Groups.ZeroPoints parameters) {
    requireMatrix(w);
    int out = w.dim(0);
    int in = w.dim(1);
    parameters.check(out, in);
    IntegerGrid grid = parameters.grid();
    byte[] codes = new byte[Math.multiplyExact(out, in)];
    Parallel.rows(
        out,
        Math.max(1, GRAIN / in),
        (from, to) -> {
          int size = grid.effectiveGroup(in);
          for (int i = from * in; i < to * in; i++) {
            int at = i / in * grid.groups(in) + i % in / size;
            int zero = parameters.zeros()[at] & 0xFF;
            float code = (float) Math.rint(w.data()[i] / parameters.scales()[at]) + zero;
            codes[i] = (byte) Math.clamp(code, 0f, grid.maxCode());
          }
        });
    return new QuantizedMatrix(out, in, new Codes.Integers(grid.bits(), codes), parameters);
  }

  /** The float matrix {@code [out, in]} that the codes stand for. */
  public static Tensor dequantize(QuantizedMatrix w) {
    return w.dequantize();
  }

  /**
   * {@code y = x · wᵀ} without ever making the float matrix. The matrix is packed for the chosen
   * backend at each call; to multiply by it often, keep a {@code PackedWeight} of {@code nn}.
   *
   * @param x {@code [.., in]}
   * @return {@code [.., out]}
   * @throws IllegalArgumentException if the inner dimensions differ
   */
  public static Tensor multiply(Tensor x, QuantizedMatrix w) {
    return multiply(x, w, Backends.chosen(), ActivationPrecision.FLOAT);
  }

  /**
   * As above, on a backend of the caller's choice.
   *
   * @param activations whether inputs are taken as they are or rounded on the way
   */
  public static Tensor multiply(
      Tensor x, QuantizedMatrix w, Backend backend, ActivationPrecision activations) {
    if (x.dim(-1) != w.in()) {
      throw new IllegalArgumentException(
          "x·wᵀ needs equal inner dimensions: x " + x.shape() + ", w " + w);
    }
    Tensor y = Tensor.zeros(x.shape().withLast(w.out()));
    PackedKernel kernel = backend.packed();
    kernel.multiply(x.rows(), x.data(), 0, kernel.pack(w), activations, y.data(), 0);
    return y;
  }

  private static void requireMatrix(Tensor w) {
    if (w.shape().rank() != 2) {
      throw new IllegalArgumentException("weights are a matrix [out, in], not " + w.shape());
    }
    for (int i = 0; i < w.size(); i++) {
      if (!Float.isFinite(w.data()[i])) {
        throw new IllegalArgumentException(
            "weights must be finite: " + w.data()[i] + " at " + i / w.dim(1) + ", " + i % w.dim(1));
      }
    }
  }
}

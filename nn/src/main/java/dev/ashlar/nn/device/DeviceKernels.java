package dev.ashlar.nn.device;

import dev.ashlar.tensor.kernel.FakeQuantKernel;
import dev.ashlar.tensor.quant.QuantizedMatrix;

/**
 * Single kernels of a device, for whoever measures or compares them; a decoder brings its own. Each
 * method sets up one piece of work without running it, and throws {@link DeviceException} if the
 * device has no kernel for such operands. Matrices are row-major and without gaps, arrays the
 * caller's and read once.
 */
public interface DeviceKernels {
  /** Independent sums that a work item of {@link #multiplyAdds} has. */
  int CHAINS = 8;

  /** How a product takes its operands, as {@code MatMulKernel} has them. */
  enum Layout {
    /** {@code c[m, n] = a[m, k] · b[n, k]ᵀ}. */
    XWT,
    /** {@code c[m, n] = a[m, k] · b[k, n]}. */
    XW,
    /** {@code c[m, n] = a[k, m]ᵀ · b[k, n]}. */
    XTW
  }

  /**
   * Work whose operands stay on the device from its first run on. Not thread-safe. What the device
   * fails at is a {@link DeviceException}.
   */
  interface Work extends AutoCloseable {
    /**
     * Does the work, and waits until it is done. The first run compiles the kernel and brings the
     * operands to the device, later ones do neither.
     */
    void run();

    /**
     * Nanoseconds in which the operands came to the device, as its driver timed it in the first
     * run.
     */
    long nanosToDevice();

    /** Brings the result of the last run back. */
    Result result();

    /** Frees the device's memory. */
    @Override
    void close();
  }

  /**
   * What came back.
   *
   * @param values the caller's
   * @param nanos it took from the device to the host's memory
   */
  record Result(float[] values, long nanos) {}

  /**
   * Sizes of causal attention: the queries of a sequence are its last tokens.
   *
   * @param sequences of equal lengths
   * @param queries of each
   * @param keys of each, a multiple of 64
   */
  record Attention(
      int sequences, int queries, int keys, int heads, int kvHeads, int headDim, float scale) {}

  /** A float product; the result is {@code c[m, n]}. */
  Work product(Layout layout, int m, int n, int k, float[] a, float[] b);

  /**
   * A product with a packed matrix.
   *
   * @param x {@code [rows, in]}; the result is {@code [rows, out]}
   */
  Work packed(QuantizedMatrix w, int rows, float[] x);

  /**
   * Attention.
   *
   * @param q {@code [sequences, queries, heads, headDim]}, as the result
   * @param k {@code [sequences, keys, kvHeads, headDim]}, as {@code v}
   */
  Work attention(Attention sizes, float[] q, float[] k, float[] v);

  /** The quantizer of SignRound; the result is {@code ŵ[out, in]}. */
  Work fakeQuantize(FakeQuantKernel.Parameters p);

  /**
   * A step down the signs of gradients, each run another one from where the last one ended.
   *
   * @param gradient {@code ∂L/∂ŵ}, {@code [out, in]}
   * @param scales what the quantizer left, {@code [out, groups]}, as {@code zeros}
   * @param rate of all parameters
   * @return its result is {@code V[out, in]}
   */
  Work signStep(
      FakeQuantKernel.Parameters p, float[] gradient, float[] scales, byte[] zeros, float rate);

  /**
   * Multiplications and additions on registers, which nothing else holds up: as many work items as
   * are named, each of which does {@link #CHAINS} · 2 · {@code steps} of them. The result says
   * nothing.
   */
  Work multiplyAdds(int items, int steps);

  /** Reads {@code x} and writes it elsewhere on the device; the result is {@code x}. */
  Work copy(float[] x);
}

package dev.ashlar.tuning.feedback;

import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tuning.layerwise.solver.SecondMoments;
import dev.ashlar.tuning.layerwise.solver.Symmetric;

/**
 * What a layer's solution needs to know of its inputs x̂ in the quantized model, per token: {@code
 * H = E[x̂ x̂ᵀ]} {@code [in, in]}, and {@code C = E[d x̂ᵀ]} {@code [width, in]} for a difference d
 * that is to be made up for: x − x̂ of the inputs, or what the residual stream lacks behind the
 * layer.
 */
final class StreamMoments {
  private final Backend backend;
  private final int in;
  private final int width;
  private final SecondMoments second;
  private final float[] cross;

  /**
   * @param width of d; 0 for none
   */
  StreamMoments(int in, int width, Backend backend) {
    this.backend = backend;
    this.in = in;
    this.width = width;
    this.second = new SecondMoments(in, backend);
    this.cross = new float[Math.multiplyExact(width, in)];
  }

  /**
   * Adds some tokens.
   *
   * @param x {@code [.., in]}
   * @param d {@code [.., width]}, or null for zeros
   */
  void add(Tensor x, Tensor d) {
    second.add(x);
    if (d != null) {
      backend
          .matMul()
          .xtw(width, in, x.rows(), d.data(), 0, width, x.data(), 0, in, cross, 0, in, true);
    }
  }

  /** Tokens that were seen. */
  long tokens() {
    return second.tokens();
  }

  /** H. */
  Symmetric second() {
    return second.sum().scaled(1.0 / Math.max(1, tokens()));
  }

  /** C, {@code [width, in]}. */
  Tensor cross() {
    float inverse = 1f / Math.max(1, tokens());
    float[] c = new float[cross.length];
    for (int i = 0; i < c.length; i++) {
      c[i] = cross[i] * inverse;
    }
    return Tensor.of(c, width, in);
  }

  int width() {
    return width;
  }
}

package dev.ashlar.tensor.kernel;

/**
 * Pointwise activations, alone and as the gate of a gated feed-forward.
 *
 * <p>Errors of every backend: SiLU, sigmoid and tanh within 2.5 ulp for arguments up to 80, beyond
 * which a sigmoid may be 0; the three GELUs within 1.2e-7 plus 3e-7 of the value; ReLU and its
 * square exact; slopes within 2e-6 plus 1e-6 of their value.
 */
public interface ActivationKernel {
  /** The functions that decoders use, under the names of Hugging Face configurations. */
  enum Function {
    /** {@code x · sigmoid(x)}. */
    SILU,
    /** {@code x · Φ(x)}, with the error function. */
    GELU,
    /** GELU by its tanh approximation. */
    GELU_TANH,
    /** {@code x · sigmoid(1.702 x)}. */
    QUICK_GELU,
    RELU,
    /** {@code max(x, 0)²}. */
    RELU_SQUARED,
    SIGMOID,
    TANH
  }

  /** {@code y = f(x)} on {@code n} elements from {@code off}. */
  void forward(Function f, int off, int n, float[] x, float[] y);

  /** {@code dx (+)= f'(x) · dy}. */
  void backward(Function f, int off, int n, float[] x, float[] dy, float[] dx, boolean accumulate);

  /** {@code y = f(gate) · up}. */
  void gated(Function f, int off, int n, float[] gate, float[] up, float[] y);

  /**
   * Gradients of {@link #gated}: {@code dGate (+)= f'(gate)·up·dy}, {@code dUp (+)= f(gate)·dy};
   * either may be null.
   */
  void gatedBackward(
      Function f,
      int off,
      int n,
      float[] gate,
      float[] up,
      float[] dy,
      float[] dGate,
      boolean accumulateGate,
      float[] dUp,
      boolean accumulateUp);
}

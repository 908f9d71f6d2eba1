package dev.ashlar.tensor.kernel.reference;

import dev.ashlar.tensor.kernel.ActivationKernel;

/** Activations and their derivatives in double. */
final class ReferenceActivation implements ActivationKernel {
  private static final double TANH_SCALE = Math.sqrt(2 / Math.PI);
  private static final double TANH_CUBE = 0.044715;
  private static final double QUICK = 1.702;

  @Override
  public void forward(Function f, int off, int n, float[] x, float[] y) {
    for (int i = off; i < off + n; i++) {
      y[i] = (float) value(f, x[i]);
    }
  }

  @Override
  public void backward(
      Function f, int off, int n, float[] x, float[] dy, float[] dx, boolean accumulate) {
    for (int i = off; i < off + n; i++) {
      double d = slope(f, x[i]) * dy[i];
      dx[i] = (float) (accumulate ? dx[i] + d : d);
    }
  }

  @Override
  public void gated(Function f, int off, int n, float[] gate, float[] up, float[] y) {
    for (int i = off; i < off + n; i++) {
      y[i] = (float) (value(f, gate[i]) * up[i]);
    }
  }

  @Override
  public void gatedBackward(
      Function f,
      int off,
      int n,
      float[] gate,
      float[] up,
      float[] dy,
      float[] dGate,
      boolean accumulateGate,
      float[] dUp,
      boolean accumulateUp) {
    for (int i = off; i < off + n; i++) {
      if (dGate != null) {
        double d = slope(f, gate[i]) * up[i] * dy[i];
        dGate[i] = (float) (accumulateGate ? dGate[i] + d : d);
      }
      if (dUp != null) {
        double d = value(f, gate[i]) * dy[i];
        dUp[i] = (float) (accumulateUp ? dUp[i] + d : d);
      }
    }
  }

  private static double value(Function f, double x) {
    return switch (f) {
      case SILU -> x * sigmoid(x);
      case GELU -> x * normalCdf(x);
      case GELU_TANH -> 0.5 * x * (1 + Math.tanh(TANH_SCALE * (x + TANH_CUBE * x * x * x)));
      case QUICK_GELU -> x * sigmoid(QUICK * x);
      case RELU -> Math.max(x, 0);
      case RELU_SQUARED -> Math.max(x, 0) * Math.max(x, 0);
      case SIGMOID -> sigmoid(x);
      case TANH -> Math.tanh(x);
    };
  }

  private static double slope(Function f, double x) {
    return switch (f) {
      case SILU -> sigmoid(x) * (1 + x * (1 - sigmoid(x)));
      case GELU -> normalCdf(x) + x * Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
      case GELU_TANH -> {
        double t = Math.tanh(TANH_SCALE * (x + TANH_CUBE * x * x * x));
        double inner = TANH_SCALE * (1 + 3 * TANH_CUBE * x * x);
        yield 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * inner;
      }
      case QUICK_GELU -> {
        double s = sigmoid(QUICK * x);
        yield s + x * QUICK * s * (1 - s);
      }
      case RELU -> x > 0 ? 1 : 0;
      case RELU_SQUARED -> 2 * Math.max(x, 0);
      case SIGMOID -> sigmoid(x) * (1 - sigmoid(x));
      case TANH -> 1 - Math.tanh(x) * Math.tanh(x);
    };
  }

  private static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  private static double normalCdf(double x) {
    return 0.5 * erfc(-x / Math.sqrt(2));
  }

  /**
   * Complementary error function: the Maclaurin series of erf inside |x| < 3, where it converges to
   * double precision without harmful cancellation, and the Laplace continued fraction outside
   * (Abramowitz and Stegun 7.1.5, 7.1.14).
   */
  private static double erfc(double x) {
    double a = Math.abs(x);
    if (a < 3) {
      double term = x;
      double sum = x;
      for (int n = 1; n < 80; n++) {
        term *= -x * x / n;
        sum += term / (2 * n + 1);
      }
      return 1 - 2 / Math.sqrt(Math.PI) * sum;
    }
    double fraction = 0;
    for (int n = 60; n >= 1; n--) {
      fraction = n / 2.0 / (a + fraction);
    }
    double tail = Math.exp(-a * a) / Math.sqrt(Math.PI) / (a + fraction);
    return x > 0 ? tail : 2 - tail;
  }
}

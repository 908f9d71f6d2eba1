package dev.ashlar.tuning.signround;

import java.util.Arrays;

/** Steps of one array of parameters that remember earlier gradients: signs of a momentum, Adam. */
final class ParameterSteps {
  /** PyTorch's, for AdamW. */
  private static final double BETA1 = 0.9;

  private static final double BETA2 = 0.999;
  private static final double EPSILON = 1e-8;

  private final SignRoundVariant variant;
  private final float[] parameters;
  private final float[] first;
  private final float[] second;

  /**
   * @param parameters changed in place
   */
  ParameterSteps(SignRoundVariant variant, float[] parameters) {
    this.variant = variant;
    this.parameters = parameters;
    this.first = new float[parameters.length];
    this.second = variant.adam() ? new float[parameters.length] : null;
  }

  /**
   * The step of iteration {@code i} for elements {@code [from, to)}.
   *
   * @param gradient of the parameters, shaped like them
   */
  void step(int i, float[] gradient, int from, int to, float lr) {
    if (variant.adam()) {
      adam(i, gradient, from, to, lr);
    } else {
      momentum(i, gradient, from, to, lr);
    }
  }

  private void momentum(int i, float[] gradient, int from, int to, float lr) {
    if (i == 0) {
      Arrays.fill(first, from, to, 0f);
    }
    float mu = (float) variant.momentum();
    for (int k = from; k < to; k++) {
      first[k] = mu * first[k] + gradient[k];
      parameters[k] -= lr * Math.signum(first[k]);
    }
  }

  private void adam(int i, float[] gradient, int from, int to, float lr) {
    float rate = (float) (lr / (1 - Math.pow(BETA1, i + 1)));
    float correction = (float) Math.sqrt(1 - Math.pow(BETA2, i + 1));
    float beta1 = (float) BETA1;
    float beta2 = (float) BETA2;
    for (int k = from; k < to; k++) {
      float d = gradient[k];
      first[k] = beta1 * first[k] + (1 - beta1) * d;
      second[k] = beta2 * second[k] + (1 - beta2) * d * d;
      float denominator = (float) (Math.sqrt(second[k]) / correction + EPSILON);
      parameters[k] -= rate * first[k] / denominator;
    }
  }
}

package dev.ashlar.tuning.finish;

/**
 * Adam (Kingma and Ba, arXiv 1412.6980, algorithm 1) on one array of parameters, with β₂ = 0.95: a
 * run has some tens of steps.
 */
final class Adam {
  private static final float BETA1 = 0.9f;
  private static final float BETA2 = 0.95f;
  private static final float EPSILON = 1e-12f;

  private final float[] values;
  private final float[] first;
  private final float[] second;
  private int steps;

  /** Parameters that begin at 0. */
  Adam(int count) {
    this(new float[count]);
  }

  /** These parameters, which are changed in place. */
  Adam(float[] values) {
    this.values = values;
    this.first = new float[values.length];
    this.second = new float[values.length];
  }

  /** The parameters, live. */
  float[] values() {
    return values;
  }

  void step(float[] gradient, float rate) {
    steps++;
    float scaled = rate / (float) (1 - Math.pow(BETA1, steps));
    float correction = (float) (1 - Math.pow(BETA2, steps));
    for (int i = 0; i < values.length; i++) {
      float g = gradient[i];
      first[i] = BETA1 * first[i] + (1 - BETA1) * g;
      second[i] = BETA2 * second[i] + (1 - BETA2) * g * g;
      float root = (float) Math.sqrt(second[i] / correction);
      values[i] -= scaled * first[i] / (root + EPSILON);
    }
  }
}

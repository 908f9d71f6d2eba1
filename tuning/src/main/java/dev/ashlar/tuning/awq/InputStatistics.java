package dev.ashlar.tuning.awq;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tuning.layerwise.solver.SecondMoments;

/** What AWQ needs to know of an input: mean magnitudes and second moments of its channels. */
final class InputStatistics {
  private static final int GRAIN = 128;

  private final int in;
  private final double[] magnitudes;
  private final SecondMoments moments;

  InputStatistics(int in, Backend backend) {
    this.in = in;
    this.magnitudes = new double[in];
    this.moments = new SecondMoments(in, backend);
  }

  /** Adds the tokens of a batch {@code [.., in]}. */
  void add(Tensor x) {
    moments.add(x);
    int rows = x.rows();
    float[] data = x.data();
    Parallel.rows(
        in,
        GRAIN,
        (from, to) -> {
          for (int r = 0; r < rows; r++) {
            for (int k = from; k < to; k++) {
              magnitudes[k] += Math.abs(data[r * in + k]);
            }
          }
        });
  }

  long tokens() {
    return moments.tokens();
  }

  /** {@code Σ_tokens |x|}, {@code [in]}, live. */
  double[] magnitudes() {
    return magnitudes;
  }

  /** {@code Σ_tokens x xᵀ / tokens}, {@code [in, in]}; zeros if there was no token. */
  float[] moments() {
    return moments.sum().floats(1.0 / Math.max(1, moments.tokens()));
  }

  /** The diagonal of the second moments, {@code [in]}. */
  float[] importance() {
    float[] diagonal = new float[in];
    double[] sums = moments.sum().diagonal();
    for (int k = 0; k < in; k++) {
      diagonal[k] = (float) sums[k];
    }
    return diagonal;
  }
}

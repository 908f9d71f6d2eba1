package dev.ashlar.tuning.awq;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tuning.layerwise.solver.ReconstructionError;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/**
 * The search for the factors of one input (AWQ, equation 5, with AutoRound's grid): {@code t = x̄^ρ
 * / (w̄^(1−ρ) + ε)}, x̄ the channel's mean magnitude and w̄ that of its weights beside others of
 * their group. The first candidate is no factor at all, so that the result is never worse by the
 * measure, which is the error of the maps' outputs. AutoRound compares the outputs of the module
 * around them; sums over second moments cost a hundredth of that.
 */
final class FactorSearch {
  private static final int GRAIN = 1 << 14;
  private static final float SMALLEST = 1e-4f;
  private static final float WEIGHT_FLOOR = 1e-6f;

  /**
   * One of the maps.
   *
   * @param weight {@code [out, in]}
   * @param grid what its codes mean, or null if it stays float
   * @param moments of its input, {@code [in, in]}
   */
  record Member(Tensor weight, IntegerGrid grid, float[] moments) {}

  /**
   * What was found.
   *
   * @param factors {@code [in]}
   * @param before error of the outputs without factors
   * @param after with them
   */
  record Found(float[] factors, double before, double after) {}

  private final List<Member> members;
  private final Backend backend;
  private final int in;

  /**
   * @param members all maps that read the input
   */
  FactorSearch(List<Member> members, Backend backend) {
    this.members = members;
    this.backend = backend;
    this.in = members.getFirst().weight().dim(1);
  }

  /**
   * Tries all candidates.
   *
   * @param magnitudes mean |x| of each channel; channels that must share a factor have the same
   * @param share evens out what must be shared, in place
   */
  Found run(AwqOptions options, float[] magnitudes, Consumer<float[]> share) {
    float[] weights = options.duo() ? weightMagnitudes() : null;
    float[] best = new float[in];
    Arrays.fill(best, 1f);
    double before = error(best);
    double least = before;
    int last = options.duo() ? options.grid() - 2 : options.grid() - 1;
    for (int i = options.duo() ? 0 : 1; i <= last; i++) {
      float[] t = factors((double) i / last, magnitudes, weights);
      share.accept(t);
      normalize(t);
      double e = error(t);
      if (e < least) {
        least = e;
        best = t;
      }
    }
    return new Found(best, before, least);
  }

  private float[] factors(double rho, float[] magnitudes, float[] weights) {
    float[] t = new float[in];
    for (int k = 0; k < in; k++) {
      double f = Math.pow(magnitudes[k], rho);
      if (weights != null) {
        f /= Math.pow(weights[k], 1 - rho) + SMALLEST;
      }
      t[k] = Math.max((float) f, SMALLEST);
    }
    return t;
  }

  /** So that the largest is the inverse of the smallest. */
  private static void normalize(float[] t) {
    double min = Double.POSITIVE_INFINITY;
    double max = 0;
    for (float f : t) {
      min = Math.min(min, f);
      max = Math.max(max, f);
    }
    float by = (float) (1 / Math.sqrt(min * max));
    for (int k = 0; k < t.length; k++) {
      t[k] = Float.isFinite(t[k] * by) && t[k] * by > 0 ? t[k] * by : 1;
    }
  }

  /** Mean over all rows of |w| as a part of its group's largest. */
  private float[] weightMagnitudes() {
    double[] sums = new double[in];
    long rows = 0;
    for (Member m : members) {
      float[] w = m.weight().data();
      int size = m.grid() == null ? in : m.grid().effectiveGroup(in);
      for (int r = 0; r < m.weight().dim(0); r++) {
        for (int first = 0; first < in; first += size) {
          int end = Math.min(in, first + size);
          float largest = 0;
          for (int k = first; k < end; k++) {
            largest = Math.max(largest, Math.abs(w[r * in + k]));
          }
          for (int k = first; k < end; k++) {
            sums[k] += Math.abs(w[r * in + k]) / (largest + WEIGHT_FLOOR);
          }
        }
      }
      rows += m.weight().dim(0);
    }
    float[] means = new float[in];
    for (int k = 0; k < in; k++) {
      means[k] = (float) (sums[k] / rows);
    }
    return means;
  }

  private double error(float[] t) {
    double sum = 0;
    for (Member m : members) {
      if (m.grid() != null) {
        float[] delta = delta(m, t);
        sum += ReconstructionError.energy(delta, m.moments(), in, backend);
      }
    }
    return sum;
  }

  /** What rounding {@code w·t} does to {@code w}. */
  private float[] delta(Member m, float[] t) {
    int out = m.weight().dim(0);
    float[] w = m.weight().data();
    float[] scaled = new float[w.length];
    float[] delta = new float[w.length];
    Nearest nearest = new Nearest(scaled, out, in, m.grid(), backend);
    Parallel.rows(
        out,
        Math.max(1, GRAIN / in),
        (from, to) -> {
          for (int i = from * in; i < to * in; i++) {
            scaled[i] = w[i] * t[i % in];
          }
          nearest.rows(from, to, delta);
          for (int i = from * in; i < to * in; i++) {
            delta[i] = delta[i] / t[i % in] - w[i];
          }
        });
    return delta;
  }
}

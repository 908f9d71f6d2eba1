package dev.ashlar.tuning.awq;

import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tuning.method.LinearLayer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * The search for the factors of one input (AWQ, arXiv 2306.00978, equation 5, with AutoRound's
 * grid): {@code t = x̄^ρ / (w̄^(1−ρ) + ε)}, x̄ the channel's mean magnitude and w̄ that of its
 * weights beside others of their group. The first candidate is no factor at all, so that the result
 * is never worse by the measure.
 */
final class FactorSearch {
  private static final float SMALLEST = 1e-4f;
  private static final float WEIGHT_FLOOR = 1e-6f;

  /**
   * One of the maps.
   *
   * @param name complete module name
   * @param weight {@code [out, in]}
   * @param grid what its codes mean
   */
  record Member(String name, Tensor weight, IntegerGrid grid) {}

  /**
   * What was found.
   *
   * @param factors {@code [in]}
   * @param plain the members' weights rounded without factors
   * @param weights the same with factors, which are taken out again
   * @param before error of the outputs without factors
   * @param after with them
   */
  record Found(
      float[] factors,
      Map<String, Tensor> plain,
      Map<String, Tensor> weights,
      double before,
      double after) {
    /** Whether anything is better than no factors. */
    boolean gains() {
      return after < before;
    }
  }

  private final List<Member> members;
  private final Rounding rounding;
  private final Backend backend;
  private final int in;

  /**
   * @param members all maps that read the input and are to be quantized
   * @param rounding as it will be in the end
   */
  FactorSearch(List<Member> members, Rounding rounding, Backend backend) {
    this.members = members;
    this.rounding = rounding;
    this.backend = backend;
    this.in = members.getFirst().weight().dim(1);
  }

  /**
   * Tries all candidates.
   *
   * @param magnitudes mean |x| of each channel; channels that must share a factor have the same
   * @param share evens out what must be shared, in place
   * @param error of candidates
   * @param rough an error that costs less, by which those are found that are worth the other. It is
   *     asked of weights that are rounded to nearest, which cost less than searched scales
   */
  Found run(
      AwqOptions options,
      float[] magnitudes,
      Consumer<float[]> share,
      OutputError error,
      Optional<OutputError> rough) {
    float[] ones = Nearest.ones(in);
    Map<String, Tensor> plain = rounded(ones);
    double before = error.of(plain);
    Found best = new Found(ones, plain, plain, before, before);
    List<float[]> candidates = candidates(options, magnitudes, share);
    Optional<OutputError> first = rounding.searches() ? rough.or(() -> Optional.of(error)) : rough;
    for (float[] t : first.map(r -> best(candidates, r, options.finalists())).orElse(candidates)) {
      Map<String, Tensor> candidate = rounded(t);
      double e = error.of(candidate);
      if (e < best.after()) {
        best = new Found(t, plain, candidate, before, e);
      }
    }
    return best;
  }

  /** The {@code count} best, the first of equals first. */
  private List<float[]> best(List<float[]> candidates, OutputError error, int count) {
    if (count >= candidates.size()) {
      return candidates;
    }
    double[] errors = candidates.stream().mapToDouble(t -> error.of(nearest(t))).toArray();
    return IntStream.range(0, errors.length)
        .boxed()
        .sorted(Comparator.comparingDouble(i -> errors[i]))
        .limit(count)
        .map(candidates::get)
        .toList();
  }

  private List<float[]> candidates(
      AwqOptions options, float[] magnitudes, Consumer<float[]> share) {
    float[] weights = options.duo() ? weightMagnitudes() : null;
    List<float[]> all = new ArrayList<>();
    int last = options.duo() ? options.grid() - 2 : options.grid() - 1;
    for (int i = options.duo() ? 0 : 1; i <= last; i++) {
      float[] t = factors((double) i / last, magnitudes, weights);
      share.accept(t);
      normalize(t);
      all.add(t);
    }
    return all;
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
      int size = m.grid().effectiveGroup(in);
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

  /** What rounding {@code w·t} makes of each {@code w}. */
  private Map<String, Tensor> rounded(float[] t) {
    return each(m -> rounding.of(new LinearLayer(m.name(), m.weight(), m.grid(), backend), t));
  }

  /** What rounding {@code w·t} to nearest makes of each {@code w}. */
  private Map<String, Tensor> nearest(float[] t) {
    return each(m -> Nearest.of(m.weight(), t, m.grid(), backend));
  }

  private Map<String, Tensor> each(Function<Member, Tensor> f) {
    Map<String, Tensor> all = new LinkedHashMap<>();
    for (Member m : members) {
      all.put(m.name(), f.apply(m));
    }
    return all;
  }
}

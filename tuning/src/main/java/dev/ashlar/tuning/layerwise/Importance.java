package dev.ashlar.tuning.layerwise;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.kernel.GridErrorKernel;
import java.util.Arrays;
import java.util.function.Supplier;

/**
 * How much each input channel of a linear map counts: the sum of squares of what flows into it,
 * {@code Σ_tokens x²}, which is the diagonal of its second moments. What an error of a weight does
 * to the map's output grows with it.
 *
 * <p>Sums run over tokens in order, whoever computes them.
 */
public final class Importance {
  /** Channels for one thread at least. */
  private static final int GRAIN = 128;

  /** What stands for nothing: weights in a group's padding, in AutoRound. */
  private static final float ZERO = 1e-30f;

  /** What the sum of squares of a group's weights is divided by, in llama.cpp. */
  private static final float SIGMA_COUNT = 32;

  private static final int FEW_BITS = 3;

  private final double[] sums;

  /** Nothing seen yet of {@code in} channels. */
  public Importance(int in) {
    this.sums = new double[in];
  }

  /**
   * Adds the squares of a batch.
   *
   * @param x {@code [.., in]}
   */
  public void add(Tensor x) {
    int in = sums.length;
    int rows = x.rows();
    float[] data = x.data();
    Parallel.rows(
        in,
        GRAIN,
        (from, to) -> {
          for (int r = 0; r < rows; r++) {
            int at = r * in;
            for (int k = from; k < to; k++) {
              double v = data[at + k];
              sums[k] += v * v;
            }
          }
        });
  }

  /** The sums so far, {@code [in]}, as floats. */
  public float[] values() {
    float[] values = new float[sums.length];
    for (int k = 0; k < values.length; k++) {
      values[k] = (float) sums[k];
    }
    return values;
  }

  /**
   * The importance of a group where some of it may be zero, as AutoRound mends it: a group of which
   * more than half is zero counts its weights by their size instead, in others zeros become the
   * mean of the rest.
   *
   * @param importance of all inputs
   * @param from first input of the group
   * @param n its length
   * @param w the group's weights, from {@code at}
   * @param bits of a code
   * @param scratch {@code [n]} or more
   * @return {@code importance} itself where the group has no zero, else {@code scratch}, in which
   *     the group begins at 0
   */
  static float[] mended(
      float[] importance, int from, int n, float[] w, int at, int bits, float[] scratch) {
    int zeros = 0;
    float sum = 0;
    for (int k = from; k < from + n; k++) {
      zeros += importance[k] <= ZERO ? 1 : 0;
      sum += importance[k];
    }
    if (zeros == 0) {
      return importance;
    }
    if (zeros > n / 2) {
      bySize(n, w, at, bits, scratch);
      return scratch;
    }
    float mean = sum / (n - zeros);
    for (int k = 0; k < n; k++) {
      scratch[k] = importance[from + k] == 0 ? mean : importance[from + k];
    }
    return scratch;
  }

  /** Work on one group. */
  @FunctionalInterface
  interface GroupWork {
    /**
     * Does it.
     *
     * @param at the group's number, row of groups by row of groups
     */
    void run(int at, GridErrorKernel.Group group);
  }

  /**
   * Goes through all groups of a matrix, by their importance as it is {@linkplain #mended mended}.
   *
   * @param w {@code [out, in]}
   * @param size inputs of a group; the last of a row may have fewer
   * @param bits of a code
   * @param importance {@code [in]}
   * @param grain weights for one thread at least
   * @param work makes what one thread works with
   */
  static void byGroup(
      Tensor w, int size, int bits, float[] importance, int grain, Supplier<GroupWork> work) {
    int in = w.dim(1);
    int groups = Math.ceilDiv(in, size);
    Parallel.rows(
        w.dim(0),
        Math.max(1, grain / in),
        (from, to) -> {
          GroupWork own = work.get();
          float[] scratch = new float[size];
          for (int at = from * groups; at < to * groups; at++) {
            int first = at % groups * size;
            int n = Math.min(size, in - first);
            int start = at / groups * in + first;
            float[] counts = mended(importance, first, n, w.data(), start, bits, scratch);
            int offset = counts == importance ? first : 0;
            own.run(at, new GridErrorKernel.Group(n, w.data(), start, counts, offset));
          }
        });
  }

  private static void bySize(int n, float[] w, int at, int bits, float[] scratch) {
    float squares = 0;
    for (int k = 0; k < n; k++) {
      squares += w[at + k] * w[at + k];
    }
    float more = bits <= FEW_BITS ? 0 : (float) Math.sqrt(squares / SIGMA_COUNT);
    for (int k = 0; k < n; k++) {
      scratch[k] = Math.abs(w[at + k]) + more;
    }
  }

  /** Every channel counts the same. */
  public static float[] equal(int in) {
    float[] ones = new float[in];
    Arrays.fill(ones, 1f);
    return ones;
  }
}

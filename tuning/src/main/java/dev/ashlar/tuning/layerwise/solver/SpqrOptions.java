package dev.ashlar.tuning.layerwise.solver;

/**
 * What SpQR may do in one way or another; names in brackets are those of its program.
 *
 * @param damp what is added to the diagonal, as a share of its mean ({@code percdamp})
 * @param order in which columns are taken ({@code permutation_order})
 * @param threshold error above which a weight is an outlier, in means over all columns; infinite
 *     for none ({@code outlier_threshold})
 * @param simplified whether grids are fitted to all weights of a group, rather than to those that
 *     are not likely to be outliers ({@code simplified_outliers})
 * @param roundZero whether zero points are integers ({@code round_zero})
 * @param scaleBits bits of codes for scales, 0 for scales as they are ({@code qq_scale_bits})
 * @param zeroBits the same for zero points ({@code qq_zero_bits})
 * @param run rows whose scales share a second grid ({@code qq_groupsize})
 * @param symmetricZeros whether the second grids of zero points are symmetric ({@code qq_zero_sym})
 */
public record SpqrOptions(
    double damp,
    Order order,
    double threshold,
    boolean simplified,
    boolean roundZero,
    int scaleBits,
    int zeroBits,
    int run,
    boolean symmetricZeros) {
  /** In which order columns are taken. */
  public enum Order {
    /** As they lie. */
    IDENTITY,
    /** Largest second moment first. */
    ACT_ORDER,
    /** Each followed by the one that is most like it, by the ranks of their weights. */
    SPEARMAN
  }

  public SpqrOptions {
    if (!(damp >= 0) || Double.isInfinite(damp)) {
      throw new IllegalArgumentException("damping must not be negative: " + damp);
    }
    if (!(threshold > 0)) {
      throw new IllegalArgumentException("the outlier threshold must be positive: " + threshold);
    }
    if (scaleBits < 0 || scaleBits > 8 || zeroBits < 0 || zeroBits > 8) {
      throw new IllegalArgumentException(
          "scales and zero points have 0 to 8 bits: " + scaleBits + ", " + zeroBits);
    }
    if (run < 1) {
      throw new IllegalArgumentException("at least one row must share a grid: " + run);
    }
  }

  boolean hasOutliers() {
    return threshold < Double.POSITIVE_INFINITY;
  }

  /** Whether scales or zero points of several rows are quantized together. */
  boolean twoLevels() {
    return scaleBits > 0 || zeroBits > 0;
  }

  /** Whether maps of so many rows can be quantized so. */
  public boolean fits(int rows) {
    return !twoLevels() || rows % run == 0;
  }
}

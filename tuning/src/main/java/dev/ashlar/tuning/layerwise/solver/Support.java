package dev.ashlar.tuning.layerwise.solver;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Which entries of a matrix may be outliers: the {@code k} largest, or the {@code k} columns with
 * the largest norms. Of equal ones those with the lowest index in the original matrix are taken.
 *
 * <p>Matrices lie transposed, {@code [in, out]}, positions in the order of a {@link NormalMatrix}.
 */
final class Support {
  private static final int HIGH_BITS = 16;

  private final int out;
  private final int in;
  private final int count;
  private final boolean structured;
  private final NormalMatrix normal;

  /**
   * @param fraction of the entries, or of the columns
   */
  Support(int out, NormalMatrix normal, double fraction, boolean structured) {
    this.out = out;
    this.in = normal.dim();
    this.normal = normal;
    this.structured = structured;
    double all = structured ? in : (double) out * in;
    this.count = (int) Math.clamp(Math.rint(fraction * all), 0, all);
  }

  /** Columns that are outliers as a whole, by position; null where entries are. */
  boolean[] columns(float[] h) {
    if (!structured) {
      return null;
    }
    double[] norms = new double[in];
    for (int i = 0; i < in; i++) {
      for (int at = i * out; at < (i + 1) * out; at++) {
        norms[normal.column(i)] += (double) h[at] * h[at];
      }
    }
    int[] largest = Arrays.copyOf(ColumnOrder.descending(norms), count);
    boolean[] original = new boolean[in];
    for (int column : largest) {
      original[column] = true;
    }
    boolean[] chosen = new boolean[in];
    for (int i = 0; i < in; i++) {
      chosen[i] = original[normal.column(i)];
    }
    return chosen;
  }

  /** Zeros all of {@code h [in, out]} that is not among the largest. */
  void keep(float[] h) {
    if (structured) {
      boolean[] chosen = columns(h);
      for (int i = 0; i < in; i++) {
        if (!chosen[i]) {
          Arrays.fill(h, i * out, (i + 1) * out, 0f);
        }
      }
      return;
    }
    if (count == 0) {
      Arrays.fill(h, 0f);
      return;
    }
    int threshold = threshold(h);
    long above = count(h, threshold);
    int[] equal =
        IntStream.range(0, h.length)
            .filter(at -> magnitude(h[at]) == threshold)
            .boxed()
            .sorted((a, b) -> Long.compare(index(a), index(b)))
            .mapToInt(Integer::intValue)
            .toArray();
    for (int at = 0; at < h.length; at++) {
      if (magnitude(h[at]) < threshold) {
        h[at] = 0;
      }
    }
    for (int e = (int) (count - above); e < equal.length; e++) {
      h[equal[e]] = 0;
    }
  }

  private long index(int at) {
    return (long) (at % out) * in + normal.column(at / out);
  }

  /** Bits that order floats by their magnitude. */
  private static int magnitude(float x) {
    return Float.floatToRawIntBits(x) & Integer.MAX_VALUE;
  }

  private static long count(float[] h, int threshold) {
    long above = 0;
    for (float x : h) {
      above += magnitude(x) > threshold ? 1 : 0;
    }
    return above;
  }

  /** The magnitude of the last that is taken, found by its upper and then its lower bits. */
  private int threshold(float[] h) {
    int[] upper = new int[1 << HIGH_BITS];
    for (float x : h) {
      upper[magnitude(x) >>> HIGH_BITS]++;
    }
    long left = count;
    int bucket = upper.length - 1;
    while (left > upper[bucket]) {
      left -= upper[bucket--];
    }
    int[] lower = new int[1 << HIGH_BITS];
    for (float x : h) {
      if (magnitude(x) >>> HIGH_BITS == bucket) {
        lower[magnitude(x) & (1 << HIGH_BITS) - 1]++;
      }
    }
    int low = lower.length - 1;
    while (left > lower[low]) {
      left -= lower[low--];
    }
    return bucket << HIGH_BITS | low;
  }
}

package dev.ashlar.tuning.layerwise.solver;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.Tensor;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/** Orders in which columns are worked on: {@code order[position]} is the original column. */
public final class ColumnOrder {
  private static final int GRAIN = 1 << 14;

  private ColumnOrder() {}

  /** As they lie. */
  public static int[] natural(int n) {
    return IntStream.range(0, n).toArray();
  }

  /** Largest value first; of equal ones the first column first. */
  public static int[] descending(double[] values) {
    return IntStream.range(0, values.length)
        .boxed()
        .sorted(Comparator.comparingDouble((Integer i) -> -values[i]))
        .mapToInt(Integer::intValue)
        .toArray();
  }

  /**
   * Largest value first in each group of consecutive columns, and the groups by their largest
   * value, so that groups stay what they are (GPTQModel's {@code act_group_aware}).
   *
   * @param size columns of a group; the last may be shorter
   */
  public static int[] groupAware(double[] values, int size) {
    int n = values.length;
    int groups = Math.ceilDiv(n, size);
    double[] largest = new double[groups];
    Arrays.fill(largest, Double.NEGATIVE_INFINITY);
    for (int i = 0; i < n; i++) {
      largest[i / size] = Math.max(largest[i / size], values[i]);
    }
    int[] order = new int[n];
    int at = 0;
    for (int g : descending(largest)) {
      int first = g * size;
      int end = Math.min(n, first + size);
      for (int i : descending(Arrays.copyOfRange(values, first, end))) {
        order[at++] = first + i;
      }
    }
    return order;
  }

  /** A copy of {@code w [out, in]} with its columns in that order. */
  public static float[] ordered(Tensor w, int[] order) {
    int in = order.length;
    float[] from = w.data();
    float[] to = new float[w.size()];
    Parallel.rows(
        w.dim(0),
        Math.max(1, GRAIN / in),
        (first, end) -> {
          for (int o = first; o < end; o++) {
            for (int i = 0; i < in; i++) {
              to[o * in + i] = from[o * in + order[i]];
            }
          }
        });
    return to;
  }

  /** The place of each column: {@code inverse(order)[order[i]] = i}. */
  public static int[] inverse(int[] order) {
    int[] place = new int[order.length];
    for (int i = 0; i < order.length; i++) {
      place[order[i]] = i;
    }
    return place;
  }
}

package dev.ashlar.tuning.layerwise.solver;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/** Orders in which columns are worked on: {@code order[position]} is the original column. */
public final class ColumnOrder {
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

  /** The place of each column: {@code inverse(order)[order[i]] = i}. */
  public static int[] inverse(int[] order) {
    int[] place = new int[order.length];
    for (int i = 0; i < order.length; i++) {
      place[order[i]] = i;
    }
    return place;
  }
}

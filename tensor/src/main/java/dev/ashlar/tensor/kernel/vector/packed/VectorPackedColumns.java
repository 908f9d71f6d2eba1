package dev.ashlar.tensor.kernel.vector.packed;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The order in which a packed matrix keeps its columns: group after group, each filled up to whole
 * units.
 *
 * @param start first unit of each group, and the end
 * @param source input column at each place, −1 for filling; null where it is the place itself
 * @param spans runs of groups of one length, at most {@link VectorPackedMatrix#SPAN} each
 */
record VectorPackedColumns(int[] start, int[] source, List<Span> spans) {
  /** Consecutive groups of {@code units} units each. */
  record Span(int group, int count, int units) {}

  /**
   * @param groupOfColumn {@code [in]}, or null for {@code k / groupSize}
   * @param unit columns of a unit
   */
  static VectorPackedColumns of(int in, int groups, int groupSize, int[] groupOfColumn, int unit) {
    if (groupOfColumn == null && in == groups * groupSize && groupSize % unit == 0) {
      int[] start = new int[groups + 1];
      for (int g = 0; g <= groups; g++) {
        start[g] = g * (groupSize / unit);
      }
      return new VectorPackedColumns(start, null, spans(start));
    }
    int[] size = new int[groups];
    for (int k = 0; k < in; k++) {
      size[groupOfColumn == null ? k / groupSize : groupOfColumn[k]]++;
    }
    int[] start = new int[groups + 1];
    for (int g = 0; g < groups; g++) {
      start[g + 1] = Math.addExact(start[g], Math.ceilDiv(size[g], unit));
    }
    int[] source = new int[Math.multiplyExact(start[groups], unit)];
    Arrays.fill(source, -1);
    int[] next = new int[groups];
    boolean identity = source.length == in;
    for (int k = 0; k < in; k++) {
      int g = groupOfColumn == null ? k / groupSize : groupOfColumn[k];
      int place = start[g] * unit + next[g]++;
      source[place] = k;
      identity &= place == k;
    }
    return new VectorPackedColumns(start, identity ? null : source, spans(start));
  }

  private static List<Span> spans(int[] start) {
    List<Span> spans = new ArrayList<>();
    int groups = start.length - 1;
    int g = 0;
    while (g < groups) {
      int units = start[g + 1] - start[g];
      int end = g + 1;
      while (end < groups
          && end - g < VectorPackedMatrix.SPAN
          && start[end + 1] - start[end] == units) {
        end++;
      }
      spans.add(new Span(g, end - g, units));
      g = end;
    }
    return List.copyOf(spans);
  }

  int groups() {
    return start.length - 1;
  }

  /** Units of a row. */
  int units() {
    return start[start.length - 1];
  }

  /** Puts one row of codes or activations into this order; filling is zero. */
  void gather(byte[] from, int fromAt, byte[] to) {
    for (int i = 0; i < source.length; i++) {
      to[i] = source[i] < 0 ? 0 : from[fromAt + source[i]];
    }
  }

  /** As above, for floats. */
  void gather(float[] from, int fromAt, float[] to, int toAt) {
    for (int i = 0; i < source.length; i++) {
      to[toAt + i] = source[i] < 0 ? 0 : from[fromAt + source[i]];
    }
  }
}

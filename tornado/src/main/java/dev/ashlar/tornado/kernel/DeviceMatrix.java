package dev.ashlar.tornado.kernel;

import dev.ashlar.tensor.quant.Codes;
import dev.ashlar.tensor.quant.Groups;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import java.util.List;
import java.util.function.IntUnaryOperator;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * A packed matrix as {@link DevicePacked} reads it; arrays are owned by it.
 *
 * @param bits of a code
 * @param size columns of a group
 * @param words {@code [out, wordsPerRow]}
 * @param scales {@code [out, groups]}
 * @param minimums {@code [out, groups]}: what a code of 0 means
 */
public record DeviceMatrix(
    int out,
    int in,
    int bits,
    int size,
    int wordsPerRow,
    IntArray words,
    FloatArray scales,
    FloatArray minimums) {
  /**
   * The matrix for the device.
   *
   * @throws IllegalArgumentException if it has what no kernel here knows: a table of codes, groups
   *     by column, outliers, inputs that are rounded
   */
  public static DeviceMatrix of(QuantizedMatrix matrix) {
    return of(matrix, IntUnaryOperator.identity(), matrix.out());
  }

  /**
   * Some rows of the matrix, in any order.
   *
   * @param rows which row of {@code matrix} comes to a place
   * @param out how many places there are
   * @throws IllegalArgumentException as {@link #of(QuantizedMatrix)}
   */
  public static DeviceMatrix of(QuantizedMatrix matrix, IntUnaryOperator rows, int out) {
    QuantizedMatrix w = matrix.withIntegerCodes().orElse(matrix);
    if (w.codes() instanceof Codes.Table || w.groups() instanceof Groups.Scales) {
      throw new IllegalArgumentException("codes of a table are not multiplied on a device");
    }
    if (w.groupOfColumn() != null) {
      throw new IllegalArgumentException("groups by column are not multiplied on a device");
    }
    if (w.outliers().isPresent()) {
      throw new IllegalArgumentException("outliers are not multiplied on a device");
    }
    if (matrix.inputs().isPresent()) {
      throw new IllegalArgumentException("inputs are not rounded on a device");
    }
    int bits = w.codes().bits();
    int perRow = (w.in() * bits + Integer.SIZE - 1) / Integer.SIZE;
    int size = w.groups().size(w.in());
    int groups = w.groupsPerRow();
    IntArray words = new IntArray(Math.multiplyExact(out, perRow));
    words.init(0);
    FloatArray scales = new FloatArray(out * groups);
    FloatArray minimums = new FloatArray(out * groups);
    byte[] codes = w.codes().values();
    for (int o = 0; o < out; o++) {
      int row = rows.applyAsInt(o);
      pack(codes, row * w.in(), w.in(), bits, words, o * perRow);
      for (int g = 0; g < groups; g++) {
        scales.set(o * groups + g, w.groups().scale(row * groups + g));
        minimums.set(o * groups + g, w.groups().weight(row * groups + g, 0));
      }
    }
    return new DeviceMatrix(out, w.in(), bits, size, perRow, words, scales, minimums);
  }

  /**
   * Matrices one behind the other, as one of all their rows.
   *
   * @throws IllegalArgumentException if they differ in more than their rows
   */
  public static DeviceMatrix stack(List<DeviceMatrix> parts) {
    DeviceMatrix first = parts.getFirst();
    int out = 0;
    for (DeviceMatrix p : parts) {
      if (p.in != first.in || p.bits != first.bits || p.size != first.size) {
        throw new IllegalArgumentException(
            "matrices of "
                + first.bits
                + " and of "
                + p.bits
                + " bits, or of other groups, are not stacked on a device");
      }
      out = Math.addExact(out, p.out);
    }
    int groups = first.scales.getSize() / first.out;
    IntArray words = new IntArray(Math.multiplyExact(out, first.wordsPerRow));
    FloatArray scales = new FloatArray(out * groups);
    FloatArray minimums = new FloatArray(out * groups);
    int row = 0;
    for (DeviceMatrix p : parts) {
      for (int i = 0; i < p.words.getSize(); i++) {
        words.set(row * first.wordsPerRow + i, p.words.get(i));
      }
      for (int i = 0; i < p.scales.getSize(); i++) {
        scales.set(row * groups + i, p.scales.get(i));
        minimums.set(row * groups + i, p.minimums.get(i));
      }
      row += p.out;
    }
    return new DeviceMatrix(
        out, first.in, first.bits, first.size, first.wordsPerRow, words, scales, minimums);
  }

  private static void pack(byte[] codes, int from, int n, int bits, IntArray words, int at) {
    for (int k = 0; k < n; k++) {
      int code = codes[from + k] & 0xFF;
      int bit = k * bits;
      int word = at + (bit >> 5);
      int shift = bit & 31;
      words.set(word, words.get(word) | code << shift);
      if (shift + bits > Integer.SIZE) {
        words.set(word + 1, words.get(word + 1) | code >> (Integer.SIZE - shift));
      }
    }
  }

  /** Whether no code lies in two ints and no int in two groups. */
  public boolean isAligned() {
    return Integer.SIZE % bits == 0 && (size % (Integer.SIZE / bits) == 0 || size >= in);
  }

  /** Bytes on the device. */
  public long byteSize() {
    return 4L * (words.getSize() + scales.getSize() + minimums.getSize());
  }
}

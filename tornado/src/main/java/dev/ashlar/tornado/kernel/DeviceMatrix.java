package dev.ashlar.tornado.kernel;

import dev.ashlar.tensor.quant.Codes;
import dev.ashlar.tensor.quant.Groups;
import dev.ashlar.tensor.quant.QuantizedMatrix;
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
   *     by column, outliers
   */
  public static DeviceMatrix of(QuantizedMatrix matrix) {
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
    int bits = w.codes().bits();
    int perRow = (w.in() * bits + Integer.SIZE - 1) / Integer.SIZE;
    int size = w.groups().size(w.in());
    int groups = w.groupsPerRow();
    IntArray words = new IntArray(Math.multiplyExact(w.out(), perRow));
    words.init(0);
    byte[] codes = w.codes().values();
    for (int o = 0; o < w.out(); o++) {
      pack(codes, o * w.in(), w.in(), bits, words, o * perRow);
    }
    FloatArray scales = new FloatArray(w.out() * groups);
    FloatArray minimums = new FloatArray(w.out() * groups);
    for (int i = 0; i < w.out() * groups; i++) {
      scales.set(i, w.groups().scale(i));
      minimums.set(i, w.groups().weight(i, 0));
    }
    return new DeviceMatrix(w.out(), w.in(), bits, size, perRow, words, scales, minimums);
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

package dev.ashlar.tornado.kernel;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.annotations.Parallel;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Products with packed matrices: {@code w[o, k] = scale[o, g] · q[o, k] + minimum[o, g]}, where
 * {@code g} is the group of column {@code k}.
 *
 * <p>A row's codes are a stream of bits in ints, the first code lowest; a row begins with a new
 * int, and a code of 3 bits may lie in two of them.
 */
public final class DevicePacked {
  private DevicePacked() {}

  /**
   * {@code y[m, out] = x[m, in] · wᵀ}, a work item for each element.
   *
   * @param active how many of the rows are computed; the others stay as they are
   * @param words codes, {@code [out, wordsPerRow]}
   * @param scales {@code [out, groups]}
   * @param minimums {@code [out, groups]}
   * @param size columns of a group; the last may have fewer
   */
  public static void xwt(
      FloatArray x,
      IntArray words,
      FloatArray scales,
      FloatArray minimums,
      FloatArray y,
      IntArray active,
      int m,
      int out,
      int in,
      int bits,
      int size,
      int wordsPerRow) {
    for (@Parallel int r = 0; r < m; r++) {
      for (@Parallel int o = 0; o < out; o++) {
        int perRow = (in + size - 1) / size;
        int groups = 0;
        if (r < active.get(0)) {
          groups = perRow;
        }
        float total = 0;
        for (int g = 0; g < groups; g++) {
          int end = Math.min(in, (g + 1) * size);
          float codes = 0;
          float plain = 0;
          for (int k = g * size; k < end; k++) {
            int code = code(words, o * wordsPerRow, k, bits);
            float value = x.get(r * in + k);
            codes += value * code;
            plain += value;
          }
          total += scales.get(o * groups + g) * codes + minimums.get(o * groups + g) * plain;
        }
        if (groups > 0) {
          y.set(r * out + o, total);
        }
      }
    }
  }

  /**
   * {@link #xwt} for codes that never lie in two ints (2, 4 and 8 bits) and groups of whole ints: a
   * group of work items for each element, which share the row's ints and add up in pairs.
   *
   * @param size columns of a group, a multiple of the codes of an int
   * @param items work items of a group, a power of two
   */
  public static void xwtByGroups(
      KernelContext context,
      FloatArray x,
      IntArray words,
      FloatArray scales,
      FloatArray minimums,
      FloatArray y,
      IntArray active,
      int out,
      int in,
      int bits,
      int size,
      int items) {
    float[] sums = context.allocateFloatLocalArray(items);
    int local = context.localIdx;
    int r = context.groupIdx / out;
    int o = context.groupIdx % out;
    int perWord = 32 / bits;
    int perRow = (in + perWord - 1) / perWord;
    int groups = (in + size - 1) / size;
    int mask = (1 << bits) - 1;
    // The same for all of a group, so that all of it meets at each barrier.
    int last = 0;
    if (r < active.get(0)) {
      last = perRow;
    }
    float total = 0;
    for (int v = local; v < last; v += items) {
      int word = words.get(o * perRow + v);
      int first = v * perWord;
      int end = Math.min(in, first + perWord);
      int g = first / size;
      float scale = scales.get(o * groups + g);
      float minimum = minimums.get(o * groups + g);
      int shift = 0;
      for (int k = first; k < end; k++) {
        float code = (word >> shift) & mask;
        total += x.get(r * in + k) * (scale * code + minimum);
        shift += bits;
      }
    }
    sums[local] = total;
    context.localBarrier();
    for (int half = items / 2; half > 0; half = half / 2) {
      if (local < half) {
        sums[local] = sums[local] + sums[local + half];
      }
      context.localBarrier();
    }
    if (local == 0) {
      if (last > 0) {
        y.set(r * out + o, sums[0]);
      }
    }
  }

  /** Float weights {@code w[out, in]} of the codes, for products of many rows. */
  public static void expand(
      IntArray words,
      FloatArray scales,
      FloatArray minimums,
      FloatArray w,
      int out,
      int in,
      int bits,
      int size,
      int wordsPerRow) {
    for (@Parallel int o = 0; o < out; o++) {
      for (@Parallel int k = 0; k < in; k++) {
        int groups = (in + size - 1) / size;
        int code = code(words, o * wordsPerRow, k, bits);
        int g = o * groups + k / size;
        w.set(o * in + k, scales.get(g) * code + minimums.get(g));
      }
    }
  }

  /** The code of column {@code k} in a row that begins with the int {@code first}. */
  static int code(IntArray words, int first, int k, int bits) {
    int mask = (1 << bits) - 1;
    int bit = k * bits;
    int at = first + (bit >> 5);
    int shift = bit & 31;
    // Of a signed shift only the bits below the sign's copies are kept.
    int code = (words.get(at) >> shift) & mask;
    if (shift + bits > 32) {
      int low = 32 - shift;
      code = (code & ((1 << low) - 1)) | ((words.get(at + 1) << low) & mask);
    }
    return code;
  }
}

package dev.ashlar.tornado.kernel;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.annotations.Parallel;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.ShortArray;

/**
 * Products of floats with matrices of 16-bit floats, IEEE's or bfloat16, as files hold them. A
 * device need not know either: a number is its fraction times a power of two out of a table, which
 * is exact but for numbers so small that a device takes them as zero.
 */
public final class DeviceHalves {
  private static final int BITS = 15;

  private DeviceHalves() {}

  /**
   * What the fraction of a number with each exponent is multiplied by, {@code [exponents]}.
   *
   * @param fraction bits of the fraction: 10 for IEEE's, 7 for bfloat16
   */
  public static float[] powers(int fraction) {
    int exponents = 1 << (BITS - fraction);
    float[] powers = new float[exponents];
    for (int e = 0; e < exponents; e++) {
      // Of subnormal numbers the exponent is that of the smallest others.
      powers[e] = (float) Math.scalb(1.0, Math.max(e, 1) - (exponents / 2 - 1) - fraction);
    }
    return powers;
  }

  /** The number at a place; never infinity or NaN. */
  private static float value(ShortArray w, FloatArray powers, int at, int fraction) {
    int bits = w.get(at) & 0xFFFF;
    int exponent = (bits & 0x7FFF) >> fraction;
    int mantissa = bits & ((1 << fraction) - 1);
    if (exponent > 0) {
      mantissa = mantissa + (1 << fraction);
    }
    float positive = mantissa * powers.get(exponent);
    float y = positive;
    if (bits > 0x7FFF) {
      y = 0f - positive;
    }
    return y;
  }

  /**
   * {@code y[m, out] = x[m, in] · wᵀ}, a work item for each element.
   *
   * @param w {@code [out, in]}
   * @param powers {@link #powers}
   * @param active how many of the rows are computed; the others stay as they are
   */
  public static void xwt(
      FloatArray x,
      ShortArray w,
      FloatArray powers,
      FloatArray y,
      IntArray active,
      int m,
      int out,
      int in,
      int fraction) {
    for (@Parallel int r = 0; r < m; r++) {
      for (@Parallel int o = 0; o < out; o++) {
        if (r < active.get(0)) {
          float sum = 0;
          for (int k = 0; k < in; k++) {
            sum += x.get(r * in + k) * value(w, powers, o * in + k, fraction);
          }
          y.set(r * out + o, sum);
        }
      }
    }
  }

  /**
   * {@link #xwt} by a group of work items for each element, which add up in pairs.
   *
   * @param items work items of a group, a power of two
   */
  public static void xwtByGroups(
      KernelContext context,
      FloatArray x,
      ShortArray w,
      FloatArray powers,
      FloatArray y,
      IntArray active,
      int out,
      int in,
      int fraction,
      int items) {
    float[] sums = context.allocateFloatLocalArray(items);
    int local = context.localIdx;
    int r = context.groupIdx / out;
    int o = context.groupIdx % out;
    // The same for all of a group, so that all of it meets at each barrier.
    int last = 0;
    if (r < active.get(0)) {
      last = in;
    }
    float sum = 0;
    for (int k = local; k < last; k += items) {
      sum += x.get(r * in + k) * value(w, powers, o * in + k, fraction);
    }
    sums[local] = sum;
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

  /** {@link DeviceExperts#xwt} with {@code w [experts, out, in]} of 16 bits. */
  public static void expertXwt(
      FloatArray x,
      ShortArray w,
      FloatArray powers,
      FloatArray y,
      IntArray choice,
      IntArray active,
      int places,
      int perToken,
      int share,
      int out,
      int in,
      int fraction) {
    for (@Parallel int s = 0; s < places; s++) {
      for (@Parallel int o = 0; o < out; o++) {
        if (s / perToken < active.get(0)) {
          int from = (choice.get(s) * out + o) * in;
          int row = s / share * in;
          float sum = 0;
          for (int k = 0; k < in; k++) {
            sum += x.get(row + k) * value(w, powers, from + k, fraction);
          }
          y.set(s * out + o, sum);
        }
      }
    }
  }

  /** {@link #expertXwt} as {@link #xwtByGroups}. */
  public static void expertXwtByGroups(
      KernelContext context,
      FloatArray x,
      ShortArray w,
      FloatArray powers,
      FloatArray y,
      IntArray choice,
      IntArray active,
      int perToken,
      int share,
      int out,
      int in,
      int fraction,
      int items) {
    float[] sums = context.allocateFloatLocalArray(items);
    int local = context.localIdx;
    int s = context.groupIdx / out;
    int o = context.groupIdx % out;
    int last = 0;
    if (s / perToken < active.get(0)) {
      last = in;
    }
    int from = (choice.get(s) * out + o) * in;
    int row = s / share * in;
    float sum = 0;
    for (int k = local; k < last; k += items) {
      sum += x.get(row + k) * value(w, powers, from + k, fraction);
    }
    sums[local] = sum;
    context.localBarrier();
    for (int half = items / 2; half > 0; half = half / 2) {
      if (local < half) {
        sums[local] = sums[local] + sums[local + half];
      }
      context.localBarrier();
    }
    if (local == 0) {
      if (last > 0) {
        y.set(s * out + o, sums[0]);
      }
    }
  }
}

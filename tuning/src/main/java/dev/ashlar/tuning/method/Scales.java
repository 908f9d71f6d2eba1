package dev.ashlar.tuning.method;

import dev.ashlar.tensor.quant.IntegerGrid;

/** What every method does to the scales it chooses before it chooses codes by them. */
public final class Scales {
  private Scales() {}

  /**
   * Rounds a scale to what files store, and keeps it off zero, with its sign: whoever multiplies by
   * the inverse of a tiny scale overflows.
   */
  public static float rounded(IntegerGrid scheme, float scale) {
    float s = scheme.roundScale(scale);
    float floor = scheme.scaleFloor();
    return s < 0 ? Math.min(s, -floor) : Math.max(s, floor);
  }

  /**
   * {@link #rounded} for all scales of a layer, in place, and {@link #require}.
   *
   * @param scales {@code [out, groups]}
   */
  public static void settle(String name, IntegerGrid scheme, int in, float[] scales) {
    for (int i = 0; i < scales.length; i++) {
      scales[i] = rounded(scheme, scales[i]);
    }
    require(name, scheme, in, scales);
  }

  /**
   * Refuses scales that overflowed.
   *
   * @param scales {@code [out, groups]}
   * @throws TuningException naming the layer, the row and the group
   */
  public static void require(String name, IntegerGrid scheme, int in, float[] scales) {
    int groups = scheme.groups(in);
    for (int i = 0; i < scales.length; i++) {
      if (!Float.isFinite(scales[i])) {
        throw new TuningException(
            name,
            "row "
                + i / groups
                + ", group "
                + i % groups
                + " spans more than a "
                + scheme.scaleType()
                + " scale of a "
                + scheme.bits()
                + "-bit grid can hold; leave this layer float or use more bits");
      }
    }
  }
}

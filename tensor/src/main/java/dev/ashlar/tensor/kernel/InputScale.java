package dev.ashlar.tensor.kernel;

import dev.ashlar.tensor.quant.ActivationScheme;
import dev.ashlar.tensor.quant.ActivationScheme.Element;
import dev.ashlar.tensor.quant.FloatGrid;

/**
 * The float that is stored beside a layer whose inputs are rounded by what they reach in
 * calibration data: their scale where it is fixed, or what FP8 scales of groups are divided by.
 */
public final class InputScale {
  /** How many floats up and down a magnitude is looked for. */
  private static final int NEAR = 3;

  private InputScale() {}

  /**
   * The float of a scheme that {@linkplain ActivationScheme#needsLargest() needs} one.
   *
   * @throws IllegalArgumentException if it is not known what the inputs reach
   */
  public static float of(ActivationScheme scheme) {
    if (Float.isNaN(scheme.largest())) {
      throw new IllegalArgumentException(
          "inputs " + scheme + ": what they reach in calibration data is not known");
    }
    return of(scheme, scheme.largest());
  }

  private static float of(ActivationScheme scheme, float largest) {
    return switch (scheme.element()) {
      case Element.Integers n -> largest / most(n);
      case Element.Floats f -> {
        FloatGrid grid = new FloatGrid(f.format(), -1, f.scale());
        float global = scheme.hasGlobal() ? BlockScales.global(f.format(), largest) : 1;
        yield scheme.dynamic() ? global : BlockScales.scale(grid, largest, global);
      }
    };
  }

  /** The largest code beside a scale without a sign. */
  public static int most(Element.Integers n) {
    return (1 << (n.bits() - 1)) - 1;
  }

  /**
   * The scheme with inputs that reach what {@code stored} says, so that {@link #of} is that float
   * where a magnitude gives it at all, as it does for floats that were made so.
   */
  public static ActivationScheme read(ActivationScheme scheme, float stored) {
    float guess =
        switch (scheme.element()) {
          case Element.Integers n -> stored * most(n);
          case Element.Floats f ->
              scheme.dynamic()
                  ? BlockScales.global(f.format(), stored)
                  : stored * f.format().largest();
        };
    float up = guess;
    float down = guess;
    for (int i = 0; i < NEAR; i++) {
      for (float near : new float[] {up, down}) {
        if (of(scheme, near) == stored) {
          return scheme.withLargest(near);
        }
      }
      up = Math.nextUp(up);
      down = Math.nextDown(down);
    }
    return scheme.withLargest(guess);
  }
}

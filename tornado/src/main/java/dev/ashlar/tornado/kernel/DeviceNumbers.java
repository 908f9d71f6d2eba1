package dev.ashlar.tornado.kernel;

import uk.ac.manchester.tornado.api.math.TornadoMath;

/** Roundings that the dialect has no function for; exact, whatever a device does to sums. */
final class DeviceNumbers {
  private DeviceNumbers() {}

  /** The nearest whole number, an even one where two are as near. */
  static float wholeToEven(float x) {
    float below = TornadoMath.floor(x);
    float over = x - below;
    float y = below;
    if (over > 0.5f) {
      y = below + 1f;
    }
    if (over == 0.5f) {
      float half = below * 0.5f;
      if (TornadoMath.floor(half) != half) {
        y = below + 1f;
      }
    }
    return y;
  }

  /**
   * The nearest 16-bit float. What rounds to 65536 or more is left as it is: callers ask for that.
   */
  static float toHalf(float x) {
    float a = TornadoMath.abs(x);
    // Powers of two, so that both products are exact; 2^24 is where subnormal numbers end.
    float up = 1f;
    float down = 1f;
    while (a * up < 1024f && up < 16777216f) {
      up = up * 2f;
      down = down * 0.5f;
    }
    while (a * up >= 2048f) {
      up = up * 0.5f;
      down = down * 2f;
    }
    float y = wholeToEven(a * up) * down;
    return x < 0f ? -y : y;
  }

  /**
   * {@code a / b} as Java rounds it. Compilers for devices divide by way of an inverse, which is
   * off by a bit in a quarter of all cases; what it leaves is exact in double and is shared out
   * there. (A quotient in double alone would be narrowed by them to one of floats.) Devices without
   * doubles cannot run this.
   */
  static float quotient(float a, float b) {
    float q = a / b;
    double left = (double) a - (double) q * (double) b;
    return (float) ((double) q + left / (double) b);
  }

  /** −1, 0 or 1. */
  static float sign(float x) {
    float y = 0f;
    if (x > 0f) {
      y = 1f;
    }
    if (x < 0f) {
      y = -1f;
    }
    return y;
  }
}

package dev.ashlar.tensor.blocks;

/** Numbers of half precision. */
public final class Halves {
  private static final float LARGEST = 65504;

  private Halves() {}

  /** The nearest one; the largest instead of an infinite one. */
  public static float nearest(float value) {
    return Float.float16ToFloat(Float.floatToFloat16(Math.clamp(value, -LARGEST, LARGEST)));
  }
}

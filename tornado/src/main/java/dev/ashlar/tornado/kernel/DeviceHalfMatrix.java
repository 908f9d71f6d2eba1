package dev.ashlar.tornado.kernel;

import dev.ashlar.tensor.DType;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.ShortArray;

/**
 * A matrix of 16-bit floats as {@link DeviceHalves} reads it.
 *
 * @param type {@link DType#F16} or {@link DType#BF16}
 * @param bits {@code [out, in]}
 * @param powers {@link DeviceHalves#powers}, owned by whoever made it
 */
public record DeviceHalfMatrix(DType type, ShortArray bits, FloatArray powers) {
  /** Bits of the fraction of a number. */
  public int fraction() {
    return fraction(type);
  }

  /** The table for numbers of a type. */
  public static FloatArray powers(DType type) {
    return FloatArray.fromArray(DeviceHalves.powers(fraction(type)));
  }

  private static int fraction(DType type) {
    return type == DType.F16 ? 10 : 7;
  }
}

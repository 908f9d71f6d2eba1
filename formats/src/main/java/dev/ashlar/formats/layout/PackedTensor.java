package dev.ashlar.formats.layout;

import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.Shape;

/**
 * One tensor of a packed linear map, ready to be written: row-major, little-endian.
 *
 * @param name full name in the checkpoint
 * @param bytes the elements; shared, not copied
 */
public record PackedTensor(String name, DType dtype, Shape shape, byte[] bytes) {
  public PackedTensor {
    if (bytes.length != shape.size() * dtype.bytes()) {
      throw new IllegalArgumentException(
          name + ": " + dtype + shape + " needs other than " + bytes.length + " bytes");
    }
  }
}

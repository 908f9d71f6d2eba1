package dev.ashlar.formats.layout;

import dev.ashlar.tensor.quant.IntegerGrid;

/**
 * What the shapes of a packed linear map say: a matrix {@code [out, in]} under a scheme.
 *
 * @param scheme the declared scheme, or the one the tensors prove where the declaration is wrong
 */
public record PackedGeometry(int out, int in, IntegerGrid scheme) {
  /** Groups per row. */
  public int groups() {
    return scheme.groups(in);
  }

  /** The scheme, no longer called symmetric if some zero point is not the middle. */
  IntegerGrid provenScheme(byte[] zeros) {
    if (scheme.symmetric()) {
      for (byte zero : zeros) {
        if ((zero & 0xFF) != scheme.middle()) {
          return new IntegerGrid(scheme.bits(), scheme.groupSize(), false);
        }
      }
    }
    return scheme;
  }
}

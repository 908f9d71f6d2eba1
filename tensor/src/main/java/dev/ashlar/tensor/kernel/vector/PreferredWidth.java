package dev.ashlar.tensor.kernel.vector;

import jdk.incubator.vector.FloatVector;

/** What the provider asks once it knows that the incubating module is there. */
final class PreferredWidth {
  private PreferredWidth() {}

  /** Bits of the widest vector of this machine, under the flags of this process. */
  static int bits() {
    return FloatVector.SPECIES_PREFERRED.vectorBitSize();
  }
}

package dev.ashlar.formats.layout;

/**
 * What a GPTQ-family {@code qzeros} field holds for the zero point {@code zp} (docs/formats.md,
 * GPTQ). Conversion works field by field and masks with {@code 2^b − 1}: adding a constant to whole
 * words lets a field that wraps corrupt its neighbour.
 */
public enum ZeroConvention {
  /** {@code zp − 1}: AutoGPTQ's {@code gptq}, {@code auto_round:auto_gptq}. Cannot hold zp = 0. */
  V1(1),
  /** {@code zp} itself: {@code gptq_v2}, plain {@code auto_round}. */
  V2(0);

  private final int offset;

  ZeroConvention(int offset) {
    this.offset = offset;
  }

  /** The other convention. */
  ZeroConvention other() {
    return this == V1 ? V2 : V1;
  }

  /** Whether the zero point can be written. */
  boolean canStore(int zero) {
    return zero >= offset;
  }

  /** The field for a zero point; the caller has checked {@link #canStore}. */
  byte stored(int zero, int bits) {
    return (byte) ((zero - offset) & ((1 << bits) - 1));
  }

  /** The zero point of a field. */
  byte zero(int stored, int bits) {
    return (byte) ((stored + offset) & ((1 << bits) - 1));
  }
}

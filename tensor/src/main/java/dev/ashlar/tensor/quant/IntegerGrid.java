package dev.ashlar.tensor.quant;

import dev.ashlar.tensor.DType;
import java.util.Optional;

/**
 * Weights as integer codes: {@code w = scale · (code − zero)}, one scale and zero point per group
 * of consecutive inputs of a row.
 *
 * <p>Symmetric is the full-range signed-scale form (AutoRound's {@code int_sym}): the zero point is
 * {@code 2^(bits−1)} everywhere and the scale carries a sign. Never take a scale's absolute value.
 *
 * @param bits 2 to 8
 * @param groupSize inputs per group; −1 means one group per row
 * @param symmetric whether the zero point is fixed at the middle
 * @param scaleType the type scales are rounded to when codes are chosen: {@code F16} (what packed
 *     files store) or {@code F32}
 * @param activations how inputs are rounded, or empty if they are taken as they are
 */
public record IntegerGrid(
    int bits,
    int groupSize,
    boolean symmetric,
    DType scaleType,
    Optional<ActivationScheme> activations)
    implements QuantScheme {
  public IntegerGrid {
    if (bits < 2 || bits > 8) {
      throw new IllegalArgumentException("bits must be 2 to 8: " + bits);
    }
    if (groupSize == 0 || groupSize < -1) {
      throw new IllegalArgumentException("group size must be positive or -1: " + groupSize);
    }
    if (scaleType != DType.F16 && scaleType != DType.F32) {
      throw new IllegalArgumentException("scales must be F16 or F32: " + scaleType);
    }
  }

  /** A grid whose inputs are taken as they are. */
  public IntegerGrid(int bits, int groupSize, boolean symmetric, DType scaleType) {
    this(bits, groupSize, symmetric, scaleType, Optional.empty());
  }

  /** A grid with float16 scales. */
  public IntegerGrid(int bits, int groupSize, boolean symmetric) {
    this(bits, groupSize, symmetric, DType.F16);
  }

  /** The same grid for inputs that are rounded so, or taken as they are. */
  public IntegerGrid withActivations(Optional<ActivationScheme> inputs) {
    return new IntegerGrid(bits, groupSize, symmetric, scaleType, inputs);
  }

  /**
   * Smallest magnitude of a scale, AutoRound's: tiny scales overflow the activations of whoever
   * multiplies by their inverse.
   */
  public float scaleFloor() {
    return scaleType == DType.F16 ? 1e-5f : 1e-8f;
  }

  /** Rounds a scale to the scale type. */
  public float roundScale(float scale) {
    return scaleType == DType.F16 ? Float.float16ToFloat(Float.floatToFloat16(scale)) : scale;
  }

  /** Largest code. */
  public int maxCode() {
    return (1 << bits) - 1;
  }

  /** The zero point of a symmetric scheme: {@code 2^(bits−1)}. */
  public int middle() {
    return 1 << (bits - 1);
  }

  /** Inputs per group for a row of {@code in} inputs; the last group of a row may be shorter. */
  public int effectiveGroup(int in) {
    return groupSize < 0 || groupSize > in ? in : groupSize;
  }

  /** Groups per row. */
  public int groups(int in) {
    int g = effectiveGroup(in);
    return (in + g - 1) / g;
  }

  /** For example {@code w4g128 sym}. */
  @Override
  public String toString() {
    return "w"
        + bits
        + "g"
        + groupSize
        + (symmetric ? " sym" : " asym")
        + activations.map(a -> ", inputs " + a).orElse("");
  }
}

package dev.ashlar.tensor.quant;

import java.util.Locale;

/**
 * How the inputs of a linear map are rounded.
 *
 * @param element what an input is rounded to
 * @param groupSize inputs of a token that share a scale; −1 means one scale per token, 0 one for
 *     all tokens
 * @param dynamic whether scales are taken from the inputs themselves, rather than once from
 *     calibration data
 */
public record ActivationScheme(Element element, int groupSize, boolean dynamic) {
  /** What an input is rounded to. */
  public sealed interface Element {
    /** Bits of an input. */
    int bits();

    /**
     * Integers.
     *
     * @param bits 2 to 8
     * @param symmetric whether zero is the middle of the range
     */
    record Integers(int bits, boolean symmetric) implements Element {
      public Integers {
        if (bits < 2 || bits > 8) {
          throw new IllegalArgumentException("inputs have 2 to 8 bits: " + bits);
        }
      }

      @Override
      public String toString() {
        return "a" + bits + (symmetric ? " sym" : " asym");
      }
    }

    /** Small floats. */
    record Floats(FloatFormat format) implements Element {
      @Override
      public int bits() {
        return format.bits();
      }

      @Override
      public String toString() {
        return format.name().toLowerCase(Locale.ROOT);
      }
    }
  }

  public ActivationScheme {
    if (groupSize < -1) {
      throw new IllegalArgumentException(
          "group size must be positive, -1 for tokens or 0 for all: " + groupSize);
    }
  }

  /** For example {@code a8 sym g-1 dynamic}. */
  @Override
  public String toString() {
    return element + " g" + groupSize + (dynamic ? " dynamic" : " static");
  }
}

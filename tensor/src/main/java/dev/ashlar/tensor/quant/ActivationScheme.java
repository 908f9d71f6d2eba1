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
 * @param largest magnitude that a layer's inputs reach in calibration data; NaN where that is not
 *     known yet, or not asked for
 */
public record ActivationScheme(Element element, int groupSize, boolean dynamic, float largest) {
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

    /**
     * Small floats.
     *
     * @param scale what a scale is rounded to, as that of weights
     */
    record Floats(FloatFormat format, FloatGrid.Scale scale) implements Element {
      /** Small floats whose scales are not rounded. */
      public Floats(FloatFormat format) {
        this(format, FloatGrid.Scale.F32);
      }

      @Override
      public int bits() {
        return format.bits();
      }

      @Override
      public String toString() {
        String scales = scale == FloatGrid.Scale.F32 ? "" : " scales " + scale;
        return (format + scales).toLowerCase(Locale.ROOT);
      }
    }
  }

  public ActivationScheme {
    if (groupSize < -1) {
      throw new IllegalArgumentException(
          "group size must be positive, -1 for tokens or 0 for all: " + groupSize);
    }
  }

  /** A scheme of which nothing is known from calibration data. */
  public ActivationScheme(Element element, int groupSize, boolean dynamic) {
    this(element, groupSize, dynamic, Float.NaN);
  }

  /** Whether calibration data have to say what the inputs reach before they can be rounded. */
  public boolean needsLargest() {
    return !dynamic || hasGlobal();
  }

  /** Whether scales are multiples of one float, which depends on what the inputs reach. */
  public boolean hasGlobal() {
    return element instanceof Element.Floats f && f.scale() == FloatGrid.Scale.E4M3;
  }

  /** The same for inputs that reach that magnitude; NaN for unknown. */
  public ActivationScheme withLargest(float magnitude) {
    return new ActivationScheme(element, groupSize, dynamic, magnitude);
  }

  /**
   * The scheme that comes nearest without calibration data: scales from the inputs themselves, of
   * tokens where one is for all, and not rounded where they are multiples of a float.
   */
  public ActivationScheme withoutData() {
    if (!needsLargest()) {
      return this;
    }
    Element plain = element instanceof Element.Floats f ? new Element.Floats(f.format()) : element;
    return new ActivationScheme(plain, groupSize == 0 ? -1 : groupSize, true);
  }

  /** For example {@code a8 sym g-1 dynamic}. */
  @Override
  public String toString() {
    return element + " g" + groupSize + (dynamic ? " dynamic" : " static");
  }
}

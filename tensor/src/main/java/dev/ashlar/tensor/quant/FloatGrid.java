package dev.ashlar.tensor.quant;

import java.util.Locale;
import java.util.Optional;

/**
 * Weights as small floats with a scale for each block of inputs: {@code w = scale · element}.
 *
 * @param element what a weight is rounded to
 * @param blockSize inputs that share a scale; −1 means a whole row, 0 the whole matrix
 * @param blockRows rows that share a scale: 1, or more where blocks are tiles
 * @param scale what a scale is rounded to
 * @param activations how inputs are rounded, or empty if they are taken as they are
 */
public record FloatGrid(
    FloatFormat element,
    int blockSize,
    int blockRows,
    Scale scale,
    Optional<ActivationScheme> activations)
    implements QuantScheme {
  /** What scales are stored as. */
  public enum Scale {
    F32,
    F16,
    BF16,
    /** A power of two (OCP Microscaling Formats 1.0, section 5.4.1). */
    E8M0,
    /** FP8, beside one 32-bit float for the whole matrix. */
    E4M3
  }

  public FloatGrid {
    if (blockSize < -1) {
      throw new IllegalArgumentException(
          "block size must be positive, -1 for rows or 0 for the matrix: " + blockSize);
    }
    if (blockRows < 1 || blockRows > 1 && blockSize < 1) {
      throw new IllegalArgumentException(
          "tiles have at least one row and one input: " + blockRows + " x " + blockSize);
    }
  }

  /** A grid of blocks within rows. */
  public FloatGrid(
      FloatFormat element, int blockSize, Scale scale, Optional<ActivationScheme> activations) {
    this(element, blockSize, 1, scale, activations);
  }

  /** A grid whose inputs are taken as they are. */
  public FloatGrid(FloatFormat element, int blockSize, Scale scale) {
    this(element, blockSize, scale, Optional.empty());
  }

  /** The same grid for inputs that are rounded so, or taken as they are. */
  public FloatGrid withActivations(Optional<ActivationScheme> inputs) {
    return new FloatGrid(element, blockSize, blockRows, scale, inputs);
  }

  /** MXFP4: blocks of 32 with a power of two. */
  public static FloatGrid mxfp4() {
    return new FloatGrid(FloatFormat.E2M1, 32, Scale.E8M0);
  }

  /** MXFP8: blocks of 32 with a power of two. */
  public static FloatGrid mxfp8() {
    return new FloatGrid(FloatFormat.E4M3, 32, Scale.E8M0);
  }

  /** NVFP4: blocks of 16 with an FP8 scale. */
  public static FloatGrid nvfp4() {
    return new FloatGrid(FloatFormat.E2M1, 16, Scale.E4M3);
  }

  /** FP8 with a scale for each row. */
  public static FloatGrid fp8(FloatFormat element) {
    return new FloatGrid(element, -1, Scale.F32);
  }

  /** FP8 in tiles of {@code size} rows and inputs. */
  public static FloatGrid tiles(FloatFormat element, int size) {
    return new FloatGrid(element, size, size, Scale.F32, Optional.empty());
  }

  /** Whether scales are multiples of one float for the whole matrix. */
  public boolean hasGlobal() {
    return scale == Scale.E4M3;
  }

  /** Inputs that share a scale in a row of {@code in} inputs; the last of a row may be fewer. */
  public int effectiveBlock(int in) {
    return blockSize <= 0 ? in : Math.min(blockSize, in);
  }

  /** Blocks of a row. */
  public int groups(int in) {
    return Math.ceilDiv(in, effectiveBlock(in));
  }

  /** Rows that share scales, of {@code out} rows; the last ones may be fewer. */
  public int effectiveRows(int out) {
    return blockSize == 0 ? out : Math.min(blockRows, out);
  }

  /** For example {@code e2m1 g32 scales e8m0}. */
  @Override
  public String toString() {
    String block = blockRows == 1 ? "" + blockSize : blockRows + "x" + blockSize;
    String text = element + " g" + block + " scales " + scale;
    return text.toLowerCase(Locale.ROOT) + activations.map(a -> ", inputs " + a).orElse("");
  }
}

package dev.ashlar.tensor.quant;

import dev.ashlar.tensor.quant.Groups.SuperBlocks;
import java.util.List;
import java.util.Optional;

/**
 * Weights as integer codes whose scales are themselves small integers times a float that several
 * groups share ("double quantization"): {@code w = (d·scale)·(code − zero)} with the zero point in
 * the middle, or {@code w = (d·scale)·code − e·minimum}. The floats {@code d} and {@code e} are of
 * half precision. What matrices of it are made of is {@link Groups.SuperBlocks}.
 *
 * @param bits of a code, 2 to 8
 * @param groupSize inputs that share a scale
 * @param perBlock groups that share the floats; rows hold whole super-blocks
 * @param scaleBits of a group's scale; signed where there are no minimums
 * @param minimumBits of a group's minimum, not signed; 0 for none
 */
public record SuperGrid(int bits, int groupSize, int perBlock, int scaleBits, int minimumBits)
    implements QuantScheme {
  /** The grids of GGUF's k-quants, Q2_K to Q6_K. */
  public static final List<SuperGrid> KNOWN =
      List.of(
          new SuperGrid(2, 16, 16, 4, 4),
          new SuperGrid(3, 16, 16, 6, 0),
          new SuperGrid(4, 32, 8, 6, 6),
          new SuperGrid(5, 32, 8, 6, 6),
          new SuperGrid(6, 16, 16, 8, 0));

  public SuperGrid {
    if (bits < 2 || bits > 8) {
      throw new IllegalArgumentException("bits must be 2 to 8: " + bits);
    }
    Parts.positive("inputs per group", groupSize);
    Parts.positive("groups per super-block", perBlock);
    if (scaleBits < 2 || scaleBits > 8) {
      throw new IllegalArgumentException("scales have 2 to 8 bits: " + scaleBits);
    }
    // Factors are kept in signed bytes.
    if (minimumBits != 0 && (scaleBits > 7 || minimumBits < 2 || minimumBits > 7)) {
      throw new IllegalArgumentException(
          "beside minimums, these and scales have 2 to 7 bits: " + minimumBits);
    }
  }

  /** The known grid that a matrix is of; empty if it is of none. */
  static Optional<SuperGrid> of(int bits, SuperBlocks groups) {
    boolean symmetric = groups.offset() instanceof SuperBlocks.Offset.ZeroPoint;
    return KNOWN.stream()
        .filter(g -> g.bits == bits && g.symmetric() == symmetric)
        .filter(g -> g.groupSize == groups.groupSize() && g.perBlock == groups.perBlock())
        .findFirst();
  }

  /** Whether the zero point is the middle, and no group has a minimum. */
  public boolean symmetric() {
    return minimumBits == 0;
  }

  /** Inputs of a super-block. */
  public int blockSize() {
    return groupSize * perBlock;
  }

  /** Largest code. */
  public int maxCode() {
    return (1 << bits) - 1;
  }

  /** The code of weight zero where there are no minimums. */
  public int middle() {
    return 1 << (bits - 1);
  }

  /** The largest scale of a group where there are minimums; none is negative. */
  public int maxScale() {
    return (1 << scaleBits) - 1;
  }

  /** Where there are no minimums, scales go from its negative to one below it. */
  public int signedScales() {
    return 1 << (scaleBits - 1);
  }

  /** The largest minimum of a group. */
  public int maxMinimum() {
    return (1 << minimumBits) - 1;
  }

  /** Inputs are taken as they are. */
  @Override
  public Optional<ActivationScheme> activations() {
    return Optional.empty();
  }

  /** For example {@code w4g32 asym, 6-bit scales in blocks of 256}. */
  @Override
  public String toString() {
    return "w"
        + bits
        + "g"
        + groupSize
        + (symmetric() ? " sym" : " asym")
        + ", "
        + scaleBits
        + "-bit scales in blocks of "
        + blockSize();
  }
}

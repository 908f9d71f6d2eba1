package dev.ashlar.tensor.kernel.vector;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/** The vector width of this process, the register tile that suits it, and folds in fixed order. */
final class Lanes {
  /** The widest float vectors of this machine, up to 512 bits. */
  static final VectorSpecies<Float> F =
      FloatVector.SPECIES_PREFERRED.length() > 16
          ? FloatVector.SPECIES_512
          : FloatVector.SPECIES_PREFERRED;

  /** Double vectors of the same width. */
  static final VectorSpecies<Double> D = VectorSpecies.of(double.class, F.vectorShape());

  /** Floats in a vector. */
  static final int L = F.length();

  /**
   * Whether there are 32 vector registers, enough for a tile of 6 rows by 4 vectors. AVX-512 and
   * Arm have them; x86 at narrower widths may have 16.
   */
  static final boolean WIDE = L >= 16 || System.getProperty("os.arch", "").equals("aarch64");

  /** Rows of the register tile. */
  static final int TILE_ROWS = 6;

  /** Floats per k of a packed strip of A: the tile's rows, padded so that one index serves both. */
  static final int STRIP = 8;

  /** Columns of the register tile, and so the width of a packed panel of B. */
  static final int PANEL = (WIDE ? 4 : 2) * L;

  private static final VectorShuffle<Float> TURN_8 = turn(8);
  private static final VectorShuffle<Float> TURN_4 = turn(4);
  private static final VectorShuffle<Float> TURN_2 = turn(2);
  private static final VectorShuffle<Float> TURN_1 = turn(1);

  private static final VectorShuffle<Double> DOUBLE_TURN_4 = doubleTurn(4);
  private static final VectorShuffle<Double> DOUBLE_TURN_2 = doubleTurn(2);
  private static final VectorShuffle<Double> DOUBLE_TURN_1 = doubleTurn(1);

  private Lanes() {}

  private static VectorShuffle<Double> doubleTurn(int by) {
    return VectorShuffle.fromOp(D, i -> (i + by) % D.length());
  }

  private static VectorShuffle<Float> turn(int by) {
    return VectorShuffle.fromOp(F, i -> (i + by) % L);
  }

  /**
   * The sum of the lanes as a tree of halves. {@code reduceLanes} adds in an order that changes
   * when the code is compiled.
   */
  static float sum(FloatVector v) {
    FloatVector s = v;
    if (L >= 16) {
      s = s.add(s.rearrange(TURN_8));
    }
    if (L >= 8) {
      s = s.add(s.rearrange(TURN_4));
    }
    if (L >= 4) {
      s = s.add(s.rearrange(TURN_2));
    }
    return s.add(s.rearrange(TURN_1)).lane(0);
  }

  /** The sum of the lanes as a tree of halves. */
  static double sum(DoubleVector v) {
    DoubleVector s = v;
    if (L >= 16) {
      s = s.add(s.rearrange(DOUBLE_TURN_4));
    }
    if (L >= 8) {
      s = s.add(s.rearrange(DOUBLE_TURN_2));
    }
    return s.add(s.rearrange(DOUBLE_TURN_1)).lane(0);
  }

  /** The largest lane; NaN if there is one. */
  static float max(FloatVector v) {
    FloatVector s = v;
    if (L >= 16) {
      s = s.max(s.rearrange(TURN_8));
    }
    if (L >= 8) {
      s = s.max(s.rearrange(TURN_4));
    }
    if (L >= 4) {
      s = s.max(s.rearrange(TURN_2));
    }
    return s.max(s.rearrange(TURN_1)).lane(0);
  }

  /** The first {@code n} lanes; all of them if {@code n} is {@link #L} or more. */
  static VectorMask<Float> first(int n) {
    return F.indexInRange(0, n);
  }
}

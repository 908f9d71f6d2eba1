package dev.ashlar.tensor.kernel.vector.lanes;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/** The vector width of this process, the register tile that suits it, and folds in fixed order. */
public final class Lanes {
  /** The widest float vectors of this machine, up to 512 bits. */
  public static final VectorSpecies<Float> F =
      FloatVector.SPECIES_PREFERRED.length() > 16
          ? FloatVector.SPECIES_512
          : FloatVector.SPECIES_PREFERRED;

  /** Double vectors of the same width. */
  public static final VectorSpecies<Double> D = VectorSpecies.of(double.class, F.vectorShape());

  /** Floats in a vector. */
  public static final int L = F.length();

  /**
   * Whether there are 32 vector registers, enough for a tile of 6 rows by 4 vectors. AVX-512 and
   * Arm have them; x86 at narrower widths may have 16.
   */
  public static final boolean WIDE = L >= 16 || System.getProperty("os.arch", "").equals("aarch64");

  /** Rows of the register tile. */
  public static final int TILE_ROWS = WIDE ? 6 : 8;

  /** Floats per k of a packed strip of A: the tile's rows, padded so that one index serves both. */
  public static final int STRIP = 8;

  /** Columns of the register tile, and so the width of a packed panel of B. */
  public static final int PANEL = (WIDE ? 4 : 2) * L;

  private static final VectorShuffle<Float> TURN_8 = turn(8);
  private static final VectorShuffle<Float> TURN_4 = turn(4);
  private static final VectorShuffle<Float> TURN_2 = turn(2);
  private static final VectorShuffle<Float> TURN_1 = turn(1);

  private Lanes() {}

  private static VectorShuffle<Float> turn(int by) {
    return VectorShuffle.fromOp(F, i -> (i + by) % L);
  }

  /**
   * The sum of the lanes as a tree of halves. {@code reduceLanes} adds in an order that changes
   * when the code is compiled.
   */
  public static float sum(FloatVector v) {
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

  /**
   * The sum of the first {@link #L} floats of {@code lanes}, which are overwritten, as the same
   * tree. For loops whose own code is near the compiler's inlining limit: beyond it every vector is
   * boxed.
   */
  public static float sum(float[] lanes) {
    for (int half = L / 2; half > 0; half /= 2) {
      for (int i = 0; i < half; i++) {
        lanes[i] += lanes[i + half];
      }
    }
    return lanes[0];
  }

  /** The sum of the first {@code L/2} doubles of {@code lanes}, which are overwritten. */
  public static double sum(double[] lanes) {
    for (int half = L / 4; half > 0; half /= 2) {
      for (int i = 0; i < half; i++) {
        lanes[i] += lanes[i + half];
      }
    }
    return lanes[0];
  }

  /** The largest of the first {@link #L} floats. */
  public static float max(float[] lanes) {
    float max = lanes[0];
    for (int i = 1; i < L; i++) {
      max = Math.max(max, lanes[i]);
    }
    return max;
  }

  /** The first {@code n} lanes; all of them if {@code n} is {@link #L} or more. */
  public static VectorMask<Float> first(int n) {
    return F.indexInRange(0, n);
  }

  /** {@code Σ a·b} over {@code n} floats. */
  public static float dot(int n, float[] a, int aOff, float[] b, int bOff) {
    FloatVector sum = FloatVector.zero(F);
    int i = 0;
    for (; i <= n - L; i += L) {
      sum = FloatVector.fromArray(F, a, aOff + i).fma(FloatVector.fromArray(F, b, bOff + i), sum);
    }
    float total = sum(sum);
    for (; i < n; i++) {
      total = Math.fma(a[aOff + i], b[bOff + i], total);
    }
    return total;
  }
}

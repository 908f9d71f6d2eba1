package dev.ashlar.tensor.kernel.vector.lanes;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * The vector width of this process, the register tile that suits it, and folds in fixed order.
 * Methods that take vectors have less than 35 bytes of code where they can: those are inlined
 * whatever has been compiled before them, others may be called, with every vector boxed. And they
 * hand those vectors on to no other of our methods: what a loop carries and is first worked on two
 * calls below the loop's own method stays a box, one for each time around (KernelAllocationTest).
 *
 * <p>A sum over floats has {@link #WAYS} partial sums at every width, the i-th over elements i, i +
 * 16, …: one vector of 512 bits, two of 256, four of 128. What is behind the last whole sixteen
 * comes to the folded sum one by one. So every sum has the same bits on every machine.
 */
public final class Lanes {
  /** The widest float vectors of this machine, of 128 (see the provider) to 512 bits. */
  public static final VectorSpecies<Float> F =
      FloatVector.SPECIES_PREFERRED.length() > 16
          ? FloatVector.SPECIES_512
          : FloatVector.SPECIES_PREFERRED;

  /** Double vectors of the same width. */
  public static final VectorSpecies<Double> D = VectorSpecies.of(double.class, F.vectorShape());

  /** As many floats as there are doubles in a vector. */
  private static final VectorSpecies<Float> H =
      VectorSpecies.of(float.class, VectorShape.forBitSize(F.vectorBitSize() / 2));

  /** Floats in a vector. */
  public static final int L = F.length();

  /** Partial sums of a sum over floats, at every width. */
  public static final int WAYS = 16;

  /** Partial sums of a sum of doubles that are formed of floats: one vector of 512 bits. */
  public static final int DOUBLE_WAYS = 8;

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

  private static final boolean WHOLE = L >= WAYS;
  private static final boolean HALVES = 2 * L >= WAYS;

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
    s = s.add(s.rearrange(TURN_2));
    return s.add(s.rearrange(TURN_1)).lane(0);
  }

  /**
   * {@link #WAYS} partial sums in as many as one vector has, the first steps of a tree of halves;
   * {@link #sum(FloatVector)} takes the others.
   *
   * @param b the second vector of them; ignored where one holds them all
   * @param c the third; ignored where two hold them all
   * @param d the fourth; the same
   */
  public static FloatVector folded(FloatVector a, FloatVector b, FloatVector c, FloatVector d) {
    return WHOLE ? a : HALVES ? a.add(b) : a.add(c).add(b.add(d));
  }

  /**
   * Two vectors of partial sums, as {@link #sum(float[])} takes them; the second is ignored where
   * one holds all of them. A loop that may not be written out for each vector, since its own code
   * is near the compiler's inlining limit (beyond it every vector is boxed), adds to the first and
   * turns them: the first is then always the one to be added to next.
   *
   * @param lanes {@link #WAYS} floats
   */
  public static void store(FloatVector a, FloatVector b, float[] lanes, int at) {
    a.intoArray(lanes, at);
    if (L < 16) {
      b.intoArray(lanes, at + L);
    }
  }

  /**
   * The sum of the {@link #WAYS} partial sums in {@code lanes}, which are overwritten, as the same
   * tree. It does not change when the sums are turned by a whole number of vectors.
   */
  public static float sum(float[] lanes) {
    for (int half = WAYS / 2; half > 0; half /= 2) {
      for (int i = 0; i < half; i++) {
        lanes[i] += lanes[i + half];
      }
    }
    return lanes[0];
  }

  /**
   * Two vectors of partial sums, as {@link #sum(double[])} takes them; the second is ignored where
   * one holds all of them.
   *
   * @param lanes {@link #DOUBLE_WAYS} doubles
   */
  public static void store(DoubleVector a, DoubleVector b, double[] lanes, int at) {
    a.intoArray(lanes, at);
    if (L < 16) {
      b.intoArray(lanes, at + L / 2);
    }
  }

  /** The sum of the first {@link #DOUBLE_WAYS} doubles of {@code lanes}, which are overwritten. */
  public static double sum(double[] lanes) {
    for (int half = DOUBLE_WAYS / 2; half > 0; half /= 2) {
      for (int i = 0; i < half; i++) {
        lanes[i] += lanes[i + half];
      }
    }
    return lanes[0];
  }

  /**
   * Half a vector of floats, widened to a vector of doubles. Converting the upper half of a whole
   * one is a hundred times the code.
   */
  public static DoubleVector doubles(float[] x, int at) {
    return (DoubleVector) FloatVector.fromArray(H, x, at).convertShape(VectorOperators.F2D, D, 0);
  }

  /** {@code a − b} of half a vector, formed in float, as doubles. */
  public static DoubleVector difference(float[] a, float[] b, int at) {
    return (DoubleVector)
        FloatVector.fromArray(H, a, at)
            .sub(FloatVector.fromArray(H, b, at))
            .convertShape(VectorOperators.F2D, D, 0);
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
    FloatVector s0 = FloatVector.zero(F);
    FloatVector s1 = s0;
    FloatVector s2 = s0;
    FloatVector s3 = s0;
    int i = 0;
    for (; i <= n - WAYS; i += WAYS) {
      s0 = product(a, aOff + i, b, bOff + i, s0);
      if (L < 16) {
        s1 = product(a, aOff + i + L, b, bOff + i + L, s1);
      }
      if (L < 8) {
        s2 = product(a, aOff + i + 2 * L, b, bOff + i + 2 * L, s2);
        s3 = product(a, aOff + i + 3 * L, b, bOff + i + 3 * L, s3);
      }
    }
    float total = sum(folded(s0, s1, s2, s3));
    for (; i < n; i++) {
      total = Math.fma(a[aOff + i], b[bOff + i], total);
    }
    return total;
  }

  private static FloatVector product(float[] a, int aAt, float[] b, int bAt, FloatVector sum) {
    return FloatVector.fromArray(F, a, aAt).fma(FloatVector.fromArray(F, b, bAt), sum);
  }
}

package dev.ashlar.tensor.kernel.vector.lanes;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * Elementary functions on float vectors. Each is a fixed sequence of multiplications and additions,
 * so interpreted and compiled code give the same bits, which {@code lanewise(EXP)} does not
 * promise. The polynomials are minimax fits (Remez); errors are stated with each function.
 *
 * <p>All are small enough to be inlined; a loop should call one of them, not several.
 */
public final class VectorMath {
  private static final float LOG2_E = 1.44269504f;

  /** ln 2 in two parts, the first with few enough bits that its multiples are exact. */
  private static final float LN2_HIGH = 0.693359375f;

  private static final float LN2_LOW = -2.12194440e-4f;

  /** Adding 1.5·2^23 rounds to an integer, half to even, and leaves it in the low bits. */
  private static final float ROUND = 12582912f;

  /** Below this exp is denormal; it becomes 0. */
  private static final float EXP_LOW = -87.33654f;

  private static final float EXP_HIGH = 88.72283f;

  // (e^r − 1 − r) / r² on |r| ≤ ln2/2; error 3e-9 of e^r.
  private static final float E0 = 4.9999993440e-01f;
  private static final float E1 = 1.6666520522e-01f;
  private static final float E2 = 4.1668389336e-02f;
  private static final float E3 = 8.3687301841e-03f;
  private static final float E4 = 1.3814571090e-03f;

  private VectorMath() {}

  /** {@code e^x} within 1 ulp; 0 where it would be denormal. */
  public static FloatVector exp(FloatVector x) {
    FloatVector shifted = x.fma(FloatVector.broadcast(Lanes.F, LOG2_E), broadcast(ROUND));
    FloatVector n = shifted.sub(ROUND);
    FloatVector r = n.fma(broadcast(-LN2_HIGH), x);
    r = n.fma(broadcast(-LN2_LOW), r);
    FloatVector p = r.fma(broadcast(E4), broadcast(E3));
    p = p.fma(r, broadcast(E2));
    p = p.fma(r, broadcast(E1));
    p = p.fma(r, broadcast(E0));
    p = p.fma(r.mul(r), r).add(1f);
    FloatVector y =
        p.reinterpretAsInts()
            .add(shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23))
            .reinterpretAsFloats();
    y = y.blend(0f, x.lt(EXP_LOW));
    return y.blend(Float.POSITIVE_INFINITY, x.compare(VectorOperators.GT, EXP_HIGH));
  }

  /** {@code 1/(1 + e^−x)} within 2.5 ulp; 0 below −88.7. */
  public static FloatVector sigmoid(FloatVector x) {
    return broadcast(1f).div(exp(x.neg()).add(1f));
  }

  /** {@code tanh x} within 2.5 ulp. */
  public static FloatVector tanh(FloatVector x) {
    FloatVector a = x.abs();
    VectorMask<Float> one = a.compare(VectorOperators.GT, 9.1f);
    FloatVector z = a.add(a);
    // expm1(z) = 2^n·(r + r²·P(r)) + (2^n − 1) keeps its relative precision for small z.
    FloatVector shifted = z.fma(broadcast(LOG2_E), broadcast(ROUND));
    FloatVector n = shifted.sub(ROUND);
    FloatVector r = n.fma(broadcast(-LN2_HIGH), z);
    r = n.fma(broadcast(-LN2_LOW), r);
    FloatVector p = r.fma(broadcast(E4), broadcast(E3));
    p = p.fma(r, broadcast(E2));
    p = p.fma(r, broadcast(E1));
    p = p.fma(r, broadcast(E0));
    p = p.fma(r.mul(r), r);
    FloatVector power =
        broadcast(1f)
            .reinterpretAsInts()
            .add(shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23))
            .reinterpretAsFloats();
    FloatVector m = p.fma(power, power.sub(1f));
    FloatVector t = m.div(m.add(2f)).blend(1f, one);
    return t.blend(t.neg(), x.lt(0f));
  }

  private static FloatVector broadcast(float x) {
    return FloatVector.broadcast(Lanes.F, x);
  }
}

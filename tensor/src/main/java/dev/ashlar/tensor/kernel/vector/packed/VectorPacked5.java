package dev.ashlar.tensor.kernel.vector.packed;

import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/**
 * 5-bit codes: 32 in five ints, six in each and the last two spread over the ints' top two bits.
 */
final class VectorPacked5 extends VectorPackedCodes {
  VectorPacked5() {
    super(5, 32, 5, 6);
  }

  @Override
  void sum(int[] w, int at, int groups, int units, float[] x, int xAt, float[] sums, int sumsAt) {
    sum(w, at, groups, units, x, xAt, sums, sumsAt, mask());
  }

  private static void sum(
      int[] w,
      int at,
      int groups,
      int units,
      float[] x,
      int xAt,
      float[] sums,
      int sumsAt,
      int mask) {
    IntVector m0 = IntVector.broadcast(INTS, mask);
    IntVector m1 = IntVector.broadcast(INTS, mask << 5);
    IntVector m2 = IntVector.broadcast(INTS, mask << 10);
    IntVector m3 = IntVector.broadcast(INTS, mask << 15);
    IntVector m4 = IntVector.broadcast(INTS, mask << 20);
    IntVector m5 = IntVector.broadcast(INTS, mask << 25);
    for (int g = 0; g < groups; g++) {
      int w0 = at + g * units * (5 * ROWS);
      int x0 = xAt + g * units * 32;
      FloatVector a0 = FloatVector.zero(FLOATS);
      FloatVector a1 = FloatVector.zero(FLOATS);
      FloatVector b0 = FloatVector.zero(FLOATS);
      FloatVector b1 = FloatVector.zero(FLOATS);
      FloatVector e;
      for (int u = 0; u < units; u++) {
        IntVector t0 = IntVector.zero(INTS);
        IntVector t1 = IntVector.zero(INTS);
        int i = w0 + u * (5 * ROWS);
        int k = x0 + u * 32;
        for (int v = 0; v < 5; v++) {
          IntVector p = IntVector.fromArray(INTS, w, i + v * ROWS);
          IntVector q = IntVector.fromArray(INTS, w, i + v * ROWS + LANES);
          e = FloatVector.broadcast(FLOATS, x[k + v * 6]);
          a0 = ((FloatVector) p.and(m0).convert(I2F, 0)).fma(e, a0);
          a1 = ((FloatVector) q.and(m0).convert(I2F, 0)).fma(e, a1);
          e = FloatVector.broadcast(FLOATS, x[k + v * 6 + 1]);
          b0 = ((FloatVector) p.and(m1).convert(I2F, 0)).fma(e, b0);
          b1 = ((FloatVector) q.and(m1).convert(I2F, 0)).fma(e, b1);
          e = FloatVector.broadcast(FLOATS, x[k + v * 6 + 2]);
          a0 = ((FloatVector) p.and(m2).convert(I2F, 0)).fma(e, a0);
          a1 = ((FloatVector) q.and(m2).convert(I2F, 0)).fma(e, a1);
          e = FloatVector.broadcast(FLOATS, x[k + v * 6 + 3]);
          b0 = ((FloatVector) p.and(m3).convert(I2F, 0)).fma(e, b0);
          b1 = ((FloatVector) q.and(m3).convert(I2F, 0)).fma(e, b1);
          e = FloatVector.broadcast(FLOATS, x[k + v * 6 + 4]);
          a0 = ((FloatVector) p.and(m4).convert(I2F, 0)).fma(e, a0);
          a1 = ((FloatVector) q.and(m4).convert(I2F, 0)).fma(e, a1);
          e = FloatVector.broadcast(FLOATS, x[k + v * 6 + 5]);
          b0 = ((FloatVector) p.and(m5).convert(I2F, 0)).fma(e, b0);
          b1 = ((FloatVector) q.and(m5).convert(I2F, 0)).fma(e, b1);
          t0 = p.lanewise(LSHR, 30).lanewise(LSHL, 8 - 2 * v).or(t0);
          t1 = q.lanewise(LSHR, 30).lanewise(LSHL, 8 - 2 * v).or(t1);
        }
        e = FloatVector.broadcast(FLOATS, x[k + 30]);
        a0 = ((FloatVector) t0.lanewise(LSHR, 5).convert(I2F, 0)).fma(e, a0);
        a1 = ((FloatVector) t1.lanewise(LSHR, 5).convert(I2F, 0)).fma(e, a1);
        e = FloatVector.broadcast(FLOATS, x[k + 31]);
        b0 = ((FloatVector) t0.and(m0).convert(I2F, 0)).fma(e, b0);
        b1 = ((FloatVector) t1.and(m0).convert(I2F, 0)).fma(e, b1);
      }
      a0.add(b0).intoArray(sums, sumsAt + g * ROWS);
      a1.add(b1).intoArray(sums, sumsAt + g * ROWS + LANES);
    }
  }
}

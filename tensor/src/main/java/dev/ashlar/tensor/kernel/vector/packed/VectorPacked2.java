package dev.ashlar.tensor.kernel.vector.packed;

import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;

/** 2-bit codes: sixteen to an int, the first lowest. */
final class VectorPacked2 extends VectorPackedCodes {
  /** Units whose products sum up in shorts: 8 of each half, which are a fifth as large. */
  private static final int BYTE_UNITS = SHORT_SUM / 8 * 4;

  VectorPacked2() {
    super(2, 16, 1, 8);
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
    IntVector m1 = IntVector.broadcast(INTS, mask << 2);
    IntVector m2 = IntVector.broadcast(INTS, mask << 4);
    IntVector m3 = IntVector.broadcast(INTS, mask << 6);
    IntVector m4 = IntVector.broadcast(INTS, mask << 8);
    IntVector m5 = IntVector.broadcast(INTS, mask << 10);
    IntVector m6 = IntVector.broadcast(INTS, mask << 12);
    IntVector m7 = IntVector.broadcast(INTS, mask << 14);
    for (int g = 0; g < groups; g++) {
      int w0 = at + g * units * ROWS;
      int x0 = xAt + g * units * 16;
      FloatVector a0 = FloatVector.zero(FLOATS);
      FloatVector a1 = FloatVector.zero(FLOATS);
      FloatVector b0 = FloatVector.zero(FLOATS);
      FloatVector b1 = FloatVector.zero(FLOATS);
      FloatVector e;
      for (int u = 0; u < units; u++) {
        IntVector p = IntVector.fromArray(INTS, w, w0 + u * ROWS);
        IntVector q = IntVector.fromArray(INTS, w, w0 + u * ROWS + LANES);
        int k = x0 + u * 16;
        for (int h = 0; h < 32; h += 16) {
          IntVector r = p.lanewise(LSHR, h);
          IntVector s = q.lanewise(LSHR, h);
          e = FloatVector.broadcast(FLOATS, x[k]);
          a0 = ((FloatVector) r.and(m0).convert(I2F, 0)).fma(e, a0);
          a1 = ((FloatVector) s.and(m0).convert(I2F, 0)).fma(e, a1);
          e = FloatVector.broadcast(FLOATS, x[k + 1]);
          b0 = ((FloatVector) r.and(m1).convert(I2F, 0)).fma(e, b0);
          b1 = ((FloatVector) s.and(m1).convert(I2F, 0)).fma(e, b1);
          e = FloatVector.broadcast(FLOATS, x[k + 2]);
          a0 = ((FloatVector) r.and(m2).convert(I2F, 0)).fma(e, a0);
          a1 = ((FloatVector) s.and(m2).convert(I2F, 0)).fma(e, a1);
          e = FloatVector.broadcast(FLOATS, x[k + 3]);
          b0 = ((FloatVector) r.and(m3).convert(I2F, 0)).fma(e, b0);
          b1 = ((FloatVector) s.and(m3).convert(I2F, 0)).fma(e, b1);
          e = FloatVector.broadcast(FLOATS, x[k + 4]);
          a0 = ((FloatVector) r.and(m4).convert(I2F, 0)).fma(e, a0);
          a1 = ((FloatVector) s.and(m4).convert(I2F, 0)).fma(e, a1);
          e = FloatVector.broadcast(FLOATS, x[k + 5]);
          b0 = ((FloatVector) r.and(m5).convert(I2F, 0)).fma(e, b0);
          b1 = ((FloatVector) s.and(m5).convert(I2F, 0)).fma(e, b1);
          e = FloatVector.broadcast(FLOATS, x[k + 6]);
          a0 = ((FloatVector) r.and(m6).convert(I2F, 0)).fma(e, a0);
          a1 = ((FloatVector) s.and(m6).convert(I2F, 0)).fma(e, a1);
          e = FloatVector.broadcast(FLOATS, x[k + 7]);
          b0 = ((FloatVector) r.and(m7).convert(I2F, 0)).fma(e, b0);
          b1 = ((FloatVector) s.and(m7).convert(I2F, 0)).fma(e, b1);
          k += 8;
        }
      }
      a0.add(b0).intoArray(sums, sumsAt + g * ROWS);
      a1.add(b1).intoArray(sums, sumsAt + g * ROWS + LANES);
    }
  }

  @Override
  void sumBytes(
      int[] w,
      int at,
      int groups,
      int units,
      int[] pairs,
      int pairsAt,
      float[] steps,
      int stepsAt,
      float[] sums,
      int sumsAt) {
    int i = at;
    int k = pairsAt;
    for (int g = 0; g < groups; g++) {
      IntVector c = IntVector.zero(INTS);
      IntVector d = IntVector.zero(INTS);
      IntVector s;
      ShortVector a;
      ShortVector b;
      ShortVector p;
      ShortVector q;
      ShortVector e;
      for (int from = 0; from < units; from += BYTE_UNITS) {
        int end = Math.min(units, from + BYTE_UNITS);
        a = ShortVector.zero(SHORTS);
        b = ShortVector.zero(SHORTS);
        for (int u = from; u < end; u++) {
          p = IntVector.fromArray(INTS, w, i).reinterpretAsShorts();
          q = IntVector.fromArray(INTS, w, i + LANES).reinterpretAsShorts();
          e = IntVector.broadcast(INTS, pairs[k]).reinterpretAsShorts();
          a = p.mul(e).add(a);
          b = q.mul(e).add(b);
          e = IntVector.broadcast(INTS, pairs[k + 1]).reinterpretAsShorts();
          a = p.lanewise(LSHR, 2).mul(e).add(a);
          b = q.lanewise(LSHR, 2).mul(e).add(b);
          e = IntVector.broadcast(INTS, pairs[k + 2]).reinterpretAsShorts();
          a = p.lanewise(LSHR, 4).mul(e).add(a);
          b = q.lanewise(LSHR, 4).mul(e).add(b);
          e = IntVector.broadcast(INTS, pairs[k + 3]).reinterpretAsShorts();
          a = p.lanewise(LSHR, 6).mul(e).add(a);
          b = q.lanewise(LSHR, 6).mul(e).add(b);
          e = IntVector.broadcast(INTS, pairs[k + 4]).reinterpretAsShorts();
          a = p.lanewise(LSHR, 8).mul(e).add(a);
          b = q.lanewise(LSHR, 8).mul(e).add(b);
          e = IntVector.broadcast(INTS, pairs[k + 5]).reinterpretAsShorts();
          a = p.lanewise(LSHR, 10).mul(e).add(a);
          b = q.lanewise(LSHR, 10).mul(e).add(b);
          e = IntVector.broadcast(INTS, pairs[k + 6]).reinterpretAsShorts();
          a = p.lanewise(LSHR, 12).mul(e).add(a);
          b = q.lanewise(LSHR, 12).mul(e).add(b);
          e = IntVector.broadcast(INTS, pairs[k + 7]).reinterpretAsShorts();
          a = p.lanewise(LSHR, 14).mul(e).add(a);
          b = q.lanewise(LSHR, 14).mul(e).add(b);
          i += ROWS;
          k += 16;
        }
        s = a.reinterpretAsInts();
        c = s.lanewise(LSHL, 16).lanewise(ASHR, 16).add(s.lanewise(ASHR, 16)).add(c);
        s = b.reinterpretAsInts();
        d = s.lanewise(LSHL, 16).lanewise(ASHR, 16).add(s.lanewise(ASHR, 16)).add(d);
      }
      FloatVector t = FloatVector.broadcast(FLOATS, steps[stepsAt + g]);
      ((FloatVector) c.convert(I2F, 0)).mul(t).intoArray(sums, sumsAt + g * ROWS);
      ((FloatVector) d.convert(I2F, 0)).mul(t).intoArray(sums, sumsAt + g * ROWS + LANES);
    }
  }
}

package dev.ashlar.tensor.kernel.vector.packed;

import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;

/** 4-bit codes: eight to an int, the first lowest. */
final class VectorPacked4 extends VectorPackedCodes {
  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  /** Units whose products sum up in shorts: 4 of each half. */
  private static final int BYTE_UNITS = SHORT_SUM / 4;

  VectorPacked4() {
    super(4, 8, 1, 8);
  }

  /** Loading packs every weight of a model: here eight codes at a time. */
  @Override
  boolean pack(byte[] codes, int from, int units, int[] target, int at) {
    long all = 0;
    for (int u = 0; u < units; u++) {
      long eight = (long) LONGS.get(codes, from + 8 * u);
      all |= eight;
      eight = (eight | eight >>> 4) & 0x00FF00FF00FF00FFL;
      eight = (eight | eight >>> 8) & 0x0000FFFF0000FFFFL;
      target[at + u * ROWS] = (int) (eight | eight >>> 16);
    }
    return (all & 0xF0F0F0F0F0F0F0F0L) == 0;
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
    IntVector m1 = IntVector.broadcast(INTS, mask << 4);
    IntVector m2 = IntVector.broadcast(INTS, mask << 8);
    IntVector m3 = IntVector.broadcast(INTS, mask << 12);
    IntVector m4 = IntVector.broadcast(INTS, mask << 16);
    IntVector m5 = IntVector.broadcast(INTS, mask << 20);
    IntVector m6 = IntVector.broadcast(INTS, mask << 24);
    for (int g = 0; g < groups; g++) {
      int w0 = at + g * units * ROWS;
      int x0 = xAt + g * units * 8;
      FloatVector a0 = FloatVector.zero(FLOATS);
      FloatVector a1 = FloatVector.zero(FLOATS);
      FloatVector b0 = FloatVector.zero(FLOATS);
      FloatVector b1 = FloatVector.zero(FLOATS);
      FloatVector e;
      for (int u = 0; u < units; u++) {
        IntVector p = IntVector.fromArray(INTS, w, w0 + u * ROWS);
        IntVector q = IntVector.fromArray(INTS, w, w0 + u * ROWS + LANES);
        int k = x0 + u * 8;
        e = FloatVector.broadcast(FLOATS, x[k]);
        a0 = ((FloatVector) p.and(m0).convert(I2F, 0)).fma(e, a0);
        a1 = ((FloatVector) q.and(m0).convert(I2F, 0)).fma(e, a1);
        e = FloatVector.broadcast(FLOATS, x[k + 1]);
        b0 = ((FloatVector) p.and(m1).convert(I2F, 0)).fma(e, b0);
        b1 = ((FloatVector) q.and(m1).convert(I2F, 0)).fma(e, b1);
        e = FloatVector.broadcast(FLOATS, x[k + 2]);
        a0 = ((FloatVector) p.and(m2).convert(I2F, 0)).fma(e, a0);
        a1 = ((FloatVector) q.and(m2).convert(I2F, 0)).fma(e, a1);
        e = FloatVector.broadcast(FLOATS, x[k + 3]);
        b0 = ((FloatVector) p.and(m3).convert(I2F, 0)).fma(e, b0);
        b1 = ((FloatVector) q.and(m3).convert(I2F, 0)).fma(e, b1);
        e = FloatVector.broadcast(FLOATS, x[k + 4]);
        a0 = ((FloatVector) p.and(m4).convert(I2F, 0)).fma(e, a0);
        a1 = ((FloatVector) q.and(m4).convert(I2F, 0)).fma(e, a1);
        e = FloatVector.broadcast(FLOATS, x[k + 5]);
        b0 = ((FloatVector) p.and(m5).convert(I2F, 0)).fma(e, b0);
        b1 = ((FloatVector) q.and(m5).convert(I2F, 0)).fma(e, b1);
        e = FloatVector.broadcast(FLOATS, x[k + 6]);
        a0 = ((FloatVector) p.and(m6).convert(I2F, 0)).fma(e, a0);
        a1 = ((FloatVector) q.and(m6).convert(I2F, 0)).fma(e, a1);
        e = FloatVector.broadcast(FLOATS, x[k + 7]);
        b0 = ((FloatVector) p.lanewise(LSHR, 28).convert(I2F, 0)).fma(e, b0);
        b1 = ((FloatVector) q.lanewise(LSHR, 28).convert(I2F, 0)).fma(e, b1);
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
          a = p.lanewise(LSHR, 4).mul(e).add(a);
          b = q.lanewise(LSHR, 4).mul(e).add(b);
          e = IntVector.broadcast(INTS, pairs[k + 2]).reinterpretAsShorts();
          a = p.lanewise(LSHR, 8).mul(e).add(a);
          b = q.lanewise(LSHR, 8).mul(e).add(b);
          e = IntVector.broadcast(INTS, pairs[k + 3]).reinterpretAsShorts();
          a = p.lanewise(LSHR, 12).mul(e).add(a);
          b = q.lanewise(LSHR, 12).mul(e).add(b);
          i += ROWS;
          k += 8;
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

package dev.ashlar.tensor.kernel.vector;

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
    super(4, 8, 1);
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
    sum(w, at, groups, units, x, xAt, sums, sumsAt, mask(), ONE);
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
      int maskBits,
      int oneBits) {
    IntVector mask = IntVector.broadcast(INTS, maskBits);
    IntVector one = IntVector.broadcast(INTS, oneBits);
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
        a0 = p.lanewise(LSHL, 19).and(mask).or(one).reinterpretAsFloats().fma(e, a0);
        a1 = q.lanewise(LSHL, 19).and(mask).or(one).reinterpretAsFloats().fma(e, a1);
        e = FloatVector.broadcast(FLOATS, x[k + 1]);
        b0 = p.lanewise(LSHL, 15).and(mask).or(one).reinterpretAsFloats().fma(e, b0);
        b1 = q.lanewise(LSHL, 15).and(mask).or(one).reinterpretAsFloats().fma(e, b1);
        e = FloatVector.broadcast(FLOATS, x[k + 2]);
        a0 = p.lanewise(LSHL, 11).and(mask).or(one).reinterpretAsFloats().fma(e, a0);
        a1 = q.lanewise(LSHL, 11).and(mask).or(one).reinterpretAsFloats().fma(e, a1);
        e = FloatVector.broadcast(FLOATS, x[k + 3]);
        b0 = p.lanewise(LSHL, 7).and(mask).or(one).reinterpretAsFloats().fma(e, b0);
        b1 = q.lanewise(LSHL, 7).and(mask).or(one).reinterpretAsFloats().fma(e, b1);
        e = FloatVector.broadcast(FLOATS, x[k + 4]);
        a0 = p.lanewise(LSHL, 3).and(mask).or(one).reinterpretAsFloats().fma(e, a0);
        a1 = q.lanewise(LSHL, 3).and(mask).or(one).reinterpretAsFloats().fma(e, a1);
        e = FloatVector.broadcast(FLOATS, x[k + 5]);
        b0 = p.lanewise(LSHR, 1).and(mask).or(one).reinterpretAsFloats().fma(e, b0);
        b1 = q.lanewise(LSHR, 1).and(mask).or(one).reinterpretAsFloats().fma(e, b1);
        e = FloatVector.broadcast(FLOATS, x[k + 6]);
        a0 = p.lanewise(LSHR, 5).and(mask).or(one).reinterpretAsFloats().fma(e, a0);
        a1 = q.lanewise(LSHR, 5).and(mask).or(one).reinterpretAsFloats().fma(e, a1);
        e = FloatVector.broadcast(FLOATS, x[k + 7]);
        b0 = p.lanewise(LSHR, 9).and(mask).or(one).reinterpretAsFloats().fma(e, b0);
        b1 = q.lanewise(LSHR, 9).and(mask).or(one).reinterpretAsFloats().fma(e, b1);
      }
      a0.add(b0).intoArray(sums, sumsAt + g * ROWS);
      a1.add(b1).intoArray(sums, sumsAt + g * ROWS + LANES);
    }
  }

  @Override
  void sumFour(
      int[] w,
      int at,
      int groups,
      int units,
      float[] x,
      int xAt,
      int step,
      int last,
      float[] sums) {
    sumFour(w, at, groups, units, x, xAt, step, last, sums, mask(), ONE);
  }

  private static void sumFour(
      int[] w,
      int at,
      int groups,
      int units,
      float[] x,
      int xAt,
      int step,
      int last,
      float[] sums,
      int maskBits,
      int oneBits) {
    IntVector mask = IntVector.broadcast(INTS, maskBits);
    IntVector one = IntVector.broadcast(INTS, oneBits);
    for (int g = 0; g < groups; g++) {
      int w0 = at + g * units * ROWS;
      int xa = xAt + g * units * 8;
      int xb = xa + step;
      int xc = xb + step;
      int xd = xa + last;
      FloatVector a0 = FloatVector.zero(FLOATS);
      FloatVector a1 = FloatVector.zero(FLOATS);
      FloatVector b0 = FloatVector.zero(FLOATS);
      FloatVector b1 = FloatVector.zero(FLOATS);
      FloatVector c0 = FloatVector.zero(FLOATS);
      FloatVector c1 = FloatVector.zero(FLOATS);
      FloatVector d0 = FloatVector.zero(FLOATS);
      FloatVector d1 = FloatVector.zero(FLOATS);
      FloatVector e;
      FloatVector s;
      FloatVector t;
      for (int u = 0; u < units; u++) {
        IntVector p = IntVector.fromArray(INTS, w, w0 + u * ROWS);
        IntVector q = IntVector.fromArray(INTS, w, w0 + u * ROWS + LANES);
        int k = u * 8;
        s = p.lanewise(LSHL, 19).and(mask).or(one).reinterpretAsFloats();
        t = q.lanewise(LSHL, 19).and(mask).or(one).reinterpretAsFloats();
        e = FloatVector.broadcast(FLOATS, x[xa + k]);
        a0 = s.fma(e, a0);
        a1 = t.fma(e, a1);
        e = FloatVector.broadcast(FLOATS, x[xb + k]);
        b0 = s.fma(e, b0);
        b1 = t.fma(e, b1);
        e = FloatVector.broadcast(FLOATS, x[xc + k]);
        c0 = s.fma(e, c0);
        c1 = t.fma(e, c1);
        e = FloatVector.broadcast(FLOATS, x[xd + k]);
        d0 = s.fma(e, d0);
        d1 = t.fma(e, d1);
        s = p.lanewise(LSHL, 15).and(mask).or(one).reinterpretAsFloats();
        t = q.lanewise(LSHL, 15).and(mask).or(one).reinterpretAsFloats();
        e = FloatVector.broadcast(FLOATS, x[xa + k + 1]);
        a0 = s.fma(e, a0);
        a1 = t.fma(e, a1);
        e = FloatVector.broadcast(FLOATS, x[xb + k + 1]);
        b0 = s.fma(e, b0);
        b1 = t.fma(e, b1);
        e = FloatVector.broadcast(FLOATS, x[xc + k + 1]);
        c0 = s.fma(e, c0);
        c1 = t.fma(e, c1);
        e = FloatVector.broadcast(FLOATS, x[xd + k + 1]);
        d0 = s.fma(e, d0);
        d1 = t.fma(e, d1);
        s = p.lanewise(LSHL, 11).and(mask).or(one).reinterpretAsFloats();
        t = q.lanewise(LSHL, 11).and(mask).or(one).reinterpretAsFloats();
        e = FloatVector.broadcast(FLOATS, x[xa + k + 2]);
        a0 = s.fma(e, a0);
        a1 = t.fma(e, a1);
        e = FloatVector.broadcast(FLOATS, x[xb + k + 2]);
        b0 = s.fma(e, b0);
        b1 = t.fma(e, b1);
        e = FloatVector.broadcast(FLOATS, x[xc + k + 2]);
        c0 = s.fma(e, c0);
        c1 = t.fma(e, c1);
        e = FloatVector.broadcast(FLOATS, x[xd + k + 2]);
        d0 = s.fma(e, d0);
        d1 = t.fma(e, d1);
        s = p.lanewise(LSHL, 7).and(mask).or(one).reinterpretAsFloats();
        t = q.lanewise(LSHL, 7).and(mask).or(one).reinterpretAsFloats();
        e = FloatVector.broadcast(FLOATS, x[xa + k + 3]);
        a0 = s.fma(e, a0);
        a1 = t.fma(e, a1);
        e = FloatVector.broadcast(FLOATS, x[xb + k + 3]);
        b0 = s.fma(e, b0);
        b1 = t.fma(e, b1);
        e = FloatVector.broadcast(FLOATS, x[xc + k + 3]);
        c0 = s.fma(e, c0);
        c1 = t.fma(e, c1);
        e = FloatVector.broadcast(FLOATS, x[xd + k + 3]);
        d0 = s.fma(e, d0);
        d1 = t.fma(e, d1);
        s = p.lanewise(LSHL, 3).and(mask).or(one).reinterpretAsFloats();
        t = q.lanewise(LSHL, 3).and(mask).or(one).reinterpretAsFloats();
        e = FloatVector.broadcast(FLOATS, x[xa + k + 4]);
        a0 = s.fma(e, a0);
        a1 = t.fma(e, a1);
        e = FloatVector.broadcast(FLOATS, x[xb + k + 4]);
        b0 = s.fma(e, b0);
        b1 = t.fma(e, b1);
        e = FloatVector.broadcast(FLOATS, x[xc + k + 4]);
        c0 = s.fma(e, c0);
        c1 = t.fma(e, c1);
        e = FloatVector.broadcast(FLOATS, x[xd + k + 4]);
        d0 = s.fma(e, d0);
        d1 = t.fma(e, d1);
        s = p.lanewise(LSHR, 1).and(mask).or(one).reinterpretAsFloats();
        t = q.lanewise(LSHR, 1).and(mask).or(one).reinterpretAsFloats();
        e = FloatVector.broadcast(FLOATS, x[xa + k + 5]);
        a0 = s.fma(e, a0);
        a1 = t.fma(e, a1);
        e = FloatVector.broadcast(FLOATS, x[xb + k + 5]);
        b0 = s.fma(e, b0);
        b1 = t.fma(e, b1);
        e = FloatVector.broadcast(FLOATS, x[xc + k + 5]);
        c0 = s.fma(e, c0);
        c1 = t.fma(e, c1);
        e = FloatVector.broadcast(FLOATS, x[xd + k + 5]);
        d0 = s.fma(e, d0);
        d1 = t.fma(e, d1);
        s = p.lanewise(LSHR, 5).and(mask).or(one).reinterpretAsFloats();
        t = q.lanewise(LSHR, 5).and(mask).or(one).reinterpretAsFloats();
        e = FloatVector.broadcast(FLOATS, x[xa + k + 6]);
        a0 = s.fma(e, a0);
        a1 = t.fma(e, a1);
        e = FloatVector.broadcast(FLOATS, x[xb + k + 6]);
        b0 = s.fma(e, b0);
        b1 = t.fma(e, b1);
        e = FloatVector.broadcast(FLOATS, x[xc + k + 6]);
        c0 = s.fma(e, c0);
        c1 = t.fma(e, c1);
        e = FloatVector.broadcast(FLOATS, x[xd + k + 6]);
        d0 = s.fma(e, d0);
        d1 = t.fma(e, d1);
        s = p.lanewise(LSHR, 9).and(mask).or(one).reinterpretAsFloats();
        t = q.lanewise(LSHR, 9).and(mask).or(one).reinterpretAsFloats();
        e = FloatVector.broadcast(FLOATS, x[xa + k + 7]);
        a0 = s.fma(e, a0);
        a1 = t.fma(e, a1);
        e = FloatVector.broadcast(FLOATS, x[xb + k + 7]);
        b0 = s.fma(e, b0);
        b1 = t.fma(e, b1);
        e = FloatVector.broadcast(FLOATS, x[xc + k + 7]);
        c0 = s.fma(e, c0);
        c1 = t.fma(e, c1);
        e = FloatVector.broadcast(FLOATS, x[xd + k + 7]);
        d0 = s.fma(e, d0);
        d1 = t.fma(e, d1);
      }
      int to = g * ROWS;
      a0.intoArray(sums, to);
      a1.intoArray(sums, to + LANES);
      b0.intoArray(sums, to + STRIDE);
      b1.intoArray(sums, to + STRIDE + LANES);
      c0.intoArray(sums, to + 2 * STRIDE);
      c1.intoArray(sums, to + 2 * STRIDE + LANES);
      d0.intoArray(sums, to + 3 * STRIDE);
      d1.intoArray(sums, to + 3 * STRIDE + LANES);
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
      float[] scales,
      float[] xSums,
      int scalesAt,
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
          a = a.add(p.mul(e));
          b = b.add(q.mul(e));
          e = IntVector.broadcast(INTS, pairs[k + 1]).reinterpretAsShorts();
          a = a.add(p.lanewise(LSHR, 4).mul(e));
          b = b.add(q.lanewise(LSHR, 4).mul(e));
          e = IntVector.broadcast(INTS, pairs[k + 2]).reinterpretAsShorts();
          a = a.add(p.lanewise(LSHR, 8).mul(e));
          b = b.add(q.lanewise(LSHR, 8).mul(e));
          e = IntVector.broadcast(INTS, pairs[k + 3]).reinterpretAsShorts();
          a = a.add(p.lanewise(LSHR, 12).mul(e));
          b = b.add(q.lanewise(LSHR, 12).mul(e));
          i += ROWS;
          k += 8;
        }
        s = a.reinterpretAsInts();
        c = c.add(s.lanewise(LSHL, 16).lanewise(ASHR, 16)).add(s.lanewise(ASHR, 16));
        s = b.reinterpretAsInts();
        d = d.add(s.lanewise(LSHL, 16).lanewise(ASHR, 16)).add(s.lanewise(ASHR, 16));
      }
      FloatVector t = FloatVector.broadcast(FLOATS, scales[scalesAt + g]);
      FloatVector z = FloatVector.broadcast(FLOATS, xSums[scalesAt + g]);
      ((FloatVector) c.convert(I2F, 0)).fma(t, z).intoArray(sums, sumsAt + g * ROWS);
      ((FloatVector) d.convert(I2F, 0)).fma(t, z).intoArray(sums, sumsAt + g * ROWS + LANES);
    }
  }

  @Override
  void expand(int[] w, int at, int units, float[] affine, float[] panel, int panelAt) {
    expand(w, at, units, affine, panel, panelAt, mask(), ONE);
  }

  private static void expand(
      int[] w,
      int at,
      int units,
      float[] affine,
      float[] panel,
      int panelAt,
      int maskBits,
      int oneBits) {
    IntVector mask = IntVector.broadcast(INTS, maskBits);
    IntVector one = IntVector.broadcast(INTS, oneBits);
    FloatVector s0 = FloatVector.fromArray(FLOATS, affine, 0);
    FloatVector s1 = FloatVector.fromArray(FLOATS, affine, LANES);
    FloatVector o0 = FloatVector.fromArray(FLOATS, affine, ROWS);
    FloatVector o1 = FloatVector.fromArray(FLOATS, affine, ROWS + LANES);
    for (int u = 0; u < units; u++) {
      IntVector p = IntVector.fromArray(INTS, w, at + u * ROWS);
      IntVector q = IntVector.fromArray(INTS, w, at + u * ROWS + LANES);
      int t = panelAt + u * (8 * PANEL);
      p.lanewise(LSHL, 19).and(mask).or(one).reinterpretAsFloats().fma(s0, o0).intoArray(panel, t);
      q.lanewise(LSHL, 19)
          .and(mask)
          .or(one)
          .reinterpretAsFloats()
          .fma(s1, o1)
          .intoArray(panel, t + LANES);
      p.lanewise(LSHL, 15)
          .and(mask)
          .or(one)
          .reinterpretAsFloats()
          .fma(s0, o0)
          .intoArray(panel, t + PANEL);
      q.lanewise(LSHL, 15)
          .and(mask)
          .or(one)
          .reinterpretAsFloats()
          .fma(s1, o1)
          .intoArray(panel, t + PANEL + LANES);
      p.lanewise(LSHL, 11)
          .and(mask)
          .or(one)
          .reinterpretAsFloats()
          .fma(s0, o0)
          .intoArray(panel, t + 2 * PANEL);
      q.lanewise(LSHL, 11)
          .and(mask)
          .or(one)
          .reinterpretAsFloats()
          .fma(s1, o1)
          .intoArray(panel, t + 2 * PANEL + LANES);
      p.lanewise(LSHL, 7)
          .and(mask)
          .or(one)
          .reinterpretAsFloats()
          .fma(s0, o0)
          .intoArray(panel, t + 3 * PANEL);
      q.lanewise(LSHL, 7)
          .and(mask)
          .or(one)
          .reinterpretAsFloats()
          .fma(s1, o1)
          .intoArray(panel, t + 3 * PANEL + LANES);
      p.lanewise(LSHL, 3)
          .and(mask)
          .or(one)
          .reinterpretAsFloats()
          .fma(s0, o0)
          .intoArray(panel, t + 4 * PANEL);
      q.lanewise(LSHL, 3)
          .and(mask)
          .or(one)
          .reinterpretAsFloats()
          .fma(s1, o1)
          .intoArray(panel, t + 4 * PANEL + LANES);
      p.lanewise(LSHR, 1)
          .and(mask)
          .or(one)
          .reinterpretAsFloats()
          .fma(s0, o0)
          .intoArray(panel, t + 5 * PANEL);
      q.lanewise(LSHR, 1)
          .and(mask)
          .or(one)
          .reinterpretAsFloats()
          .fma(s1, o1)
          .intoArray(panel, t + 5 * PANEL + LANES);
      p.lanewise(LSHR, 5)
          .and(mask)
          .or(one)
          .reinterpretAsFloats()
          .fma(s0, o0)
          .intoArray(panel, t + 6 * PANEL);
      q.lanewise(LSHR, 5)
          .and(mask)
          .or(one)
          .reinterpretAsFloats()
          .fma(s1, o1)
          .intoArray(panel, t + 6 * PANEL + LANES);
      p.lanewise(LSHR, 9)
          .and(mask)
          .or(one)
          .reinterpretAsFloats()
          .fma(s0, o0)
          .intoArray(panel, t + 7 * PANEL);
      q.lanewise(LSHR, 9)
          .and(mask)
          .or(one)
          .reinterpretAsFloats()
          .fma(s1, o1)
          .intoArray(panel, t + 7 * PANEL + LANES);
    }
  }
}

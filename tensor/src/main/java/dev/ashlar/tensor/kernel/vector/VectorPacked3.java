package dev.ashlar.tensor.kernel.vector;

import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/**
 * 3-bit codes: 32 in three ints, ten in each and the last two spread over the ints' top two bits.
 */
final class VectorPacked3 extends VectorPackedCodes {
  VectorPacked3() {
    super(3, 32, 3);
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
      int w0 = at + g * units * (3 * ROWS);
      int x0 = xAt + g * units * 32;
      FloatVector a0 = FloatVector.zero(FLOATS);
      FloatVector a1 = FloatVector.zero(FLOATS);
      FloatVector b0 = FloatVector.zero(FLOATS);
      FloatVector b1 = FloatVector.zero(FLOATS);
      FloatVector e;
      for (int u = 0; u < units; u++) {
        IntVector t0 = IntVector.zero(INTS);
        IntVector t1 = IntVector.zero(INTS);
        int i = w0 + u * (3 * ROWS);
        int k = x0 + u * 32;
        for (int v = 0; v < 3; v++) {
          IntVector p = IntVector.fromArray(INTS, w, i + v * ROWS);
          IntVector q = IntVector.fromArray(INTS, w, i + v * ROWS + LANES);
          e = FloatVector.broadcast(FLOATS, x[k + v * 10]);
          a0 = p.lanewise(LSHL, 20).and(mask).or(one).reinterpretAsFloats().fma(e, a0);
          a1 = q.lanewise(LSHL, 20).and(mask).or(one).reinterpretAsFloats().fma(e, a1);
          e = FloatVector.broadcast(FLOATS, x[k + v * 10 + 1]);
          b0 = p.lanewise(LSHL, 17).and(mask).or(one).reinterpretAsFloats().fma(e, b0);
          b1 = q.lanewise(LSHL, 17).and(mask).or(one).reinterpretAsFloats().fma(e, b1);
          e = FloatVector.broadcast(FLOATS, x[k + v * 10 + 2]);
          a0 = p.lanewise(LSHL, 14).and(mask).or(one).reinterpretAsFloats().fma(e, a0);
          a1 = q.lanewise(LSHL, 14).and(mask).or(one).reinterpretAsFloats().fma(e, a1);
          e = FloatVector.broadcast(FLOATS, x[k + v * 10 + 3]);
          b0 = p.lanewise(LSHL, 11).and(mask).or(one).reinterpretAsFloats().fma(e, b0);
          b1 = q.lanewise(LSHL, 11).and(mask).or(one).reinterpretAsFloats().fma(e, b1);
          e = FloatVector.broadcast(FLOATS, x[k + v * 10 + 4]);
          a0 = p.lanewise(LSHL, 8).and(mask).or(one).reinterpretAsFloats().fma(e, a0);
          a1 = q.lanewise(LSHL, 8).and(mask).or(one).reinterpretAsFloats().fma(e, a1);
          e = FloatVector.broadcast(FLOATS, x[k + v * 10 + 5]);
          b0 = p.lanewise(LSHL, 5).and(mask).or(one).reinterpretAsFloats().fma(e, b0);
          b1 = q.lanewise(LSHL, 5).and(mask).or(one).reinterpretAsFloats().fma(e, b1);
          e = FloatVector.broadcast(FLOATS, x[k + v * 10 + 6]);
          a0 = p.lanewise(LSHL, 2).and(mask).or(one).reinterpretAsFloats().fma(e, a0);
          a1 = q.lanewise(LSHL, 2).and(mask).or(one).reinterpretAsFloats().fma(e, a1);
          e = FloatVector.broadcast(FLOATS, x[k + v * 10 + 7]);
          b0 = p.lanewise(LSHR, 1).and(mask).or(one).reinterpretAsFloats().fma(e, b0);
          b1 = q.lanewise(LSHR, 1).and(mask).or(one).reinterpretAsFloats().fma(e, b1);
          e = FloatVector.broadcast(FLOATS, x[k + v * 10 + 8]);
          a0 = p.lanewise(LSHR, 4).and(mask).or(one).reinterpretAsFloats().fma(e, a0);
          a1 = q.lanewise(LSHR, 4).and(mask).or(one).reinterpretAsFloats().fma(e, a1);
          e = FloatVector.broadcast(FLOATS, x[k + v * 10 + 9]);
          b0 = p.lanewise(LSHR, 7).and(mask).or(one).reinterpretAsFloats().fma(e, b0);
          b1 = q.lanewise(LSHR, 7).and(mask).or(one).reinterpretAsFloats().fma(e, b1);
          t0 = t0.lanewise(LSHL, 2).or(p.lanewise(LSHR, 30));
          t1 = t1.lanewise(LSHL, 2).or(q.lanewise(LSHR, 30));
        }
        e = FloatVector.broadcast(FLOATS, x[k + 30]);
        a0 = t0.lanewise(LSHL, 17).and(mask).or(one).reinterpretAsFloats().fma(e, a0);
        a1 = t1.lanewise(LSHL, 17).and(mask).or(one).reinterpretAsFloats().fma(e, a1);
        e = FloatVector.broadcast(FLOATS, x[k + 31]);
        b0 = t0.lanewise(LSHL, 20).and(mask).or(one).reinterpretAsFloats().fma(e, b0);
        b1 = t1.lanewise(LSHL, 20).and(mask).or(one).reinterpretAsFloats().fma(e, b1);
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
      int w0 = at + g * units * (3 * ROWS);
      int xa = xAt + g * units * 32;
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
        IntVector t0 = IntVector.zero(INTS);
        IntVector t1 = IntVector.zero(INTS);
        int i = w0 + u * (3 * ROWS);
        int k = u * 32;
        for (int v = 0; v < 3; v++) {
          IntVector p = IntVector.fromArray(INTS, w, i + v * ROWS);
          IntVector q = IntVector.fromArray(INTS, w, i + v * ROWS + LANES);
          s = p.lanewise(LSHL, 20).and(mask).or(one).reinterpretAsFloats();
          t = q.lanewise(LSHL, 20).and(mask).or(one).reinterpretAsFloats();
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
          s = p.lanewise(LSHL, 17).and(mask).or(one).reinterpretAsFloats();
          t = q.lanewise(LSHL, 17).and(mask).or(one).reinterpretAsFloats();
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
          s = p.lanewise(LSHL, 14).and(mask).or(one).reinterpretAsFloats();
          t = q.lanewise(LSHL, 14).and(mask).or(one).reinterpretAsFloats();
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
          s = p.lanewise(LSHL, 11).and(mask).or(one).reinterpretAsFloats();
          t = q.lanewise(LSHL, 11).and(mask).or(one).reinterpretAsFloats();
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
          s = p.lanewise(LSHL, 8).and(mask).or(one).reinterpretAsFloats();
          t = q.lanewise(LSHL, 8).and(mask).or(one).reinterpretAsFloats();
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
          s = p.lanewise(LSHL, 5).and(mask).or(one).reinterpretAsFloats();
          t = q.lanewise(LSHL, 5).and(mask).or(one).reinterpretAsFloats();
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
          s = p.lanewise(LSHL, 2).and(mask).or(one).reinterpretAsFloats();
          t = q.lanewise(LSHL, 2).and(mask).or(one).reinterpretAsFloats();
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
          s = p.lanewise(LSHR, 1).and(mask).or(one).reinterpretAsFloats();
          t = q.lanewise(LSHR, 1).and(mask).or(one).reinterpretAsFloats();
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
          s = p.lanewise(LSHR, 4).and(mask).or(one).reinterpretAsFloats();
          t = q.lanewise(LSHR, 4).and(mask).or(one).reinterpretAsFloats();
          e = FloatVector.broadcast(FLOATS, x[xa + k + 8]);
          a0 = s.fma(e, a0);
          a1 = t.fma(e, a1);
          e = FloatVector.broadcast(FLOATS, x[xb + k + 8]);
          b0 = s.fma(e, b0);
          b1 = t.fma(e, b1);
          e = FloatVector.broadcast(FLOATS, x[xc + k + 8]);
          c0 = s.fma(e, c0);
          c1 = t.fma(e, c1);
          e = FloatVector.broadcast(FLOATS, x[xd + k + 8]);
          d0 = s.fma(e, d0);
          d1 = t.fma(e, d1);
          s = p.lanewise(LSHR, 7).and(mask).or(one).reinterpretAsFloats();
          t = q.lanewise(LSHR, 7).and(mask).or(one).reinterpretAsFloats();
          e = FloatVector.broadcast(FLOATS, x[xa + k + 9]);
          a0 = s.fma(e, a0);
          a1 = t.fma(e, a1);
          e = FloatVector.broadcast(FLOATS, x[xb + k + 9]);
          b0 = s.fma(e, b0);
          b1 = t.fma(e, b1);
          e = FloatVector.broadcast(FLOATS, x[xc + k + 9]);
          c0 = s.fma(e, c0);
          c1 = t.fma(e, c1);
          e = FloatVector.broadcast(FLOATS, x[xd + k + 9]);
          d0 = s.fma(e, d0);
          d1 = t.fma(e, d1);
          t0 = t0.lanewise(LSHL, 2).or(p.lanewise(LSHR, 30));
          t1 = t1.lanewise(LSHL, 2).or(q.lanewise(LSHR, 30));
          k += 10;
        }
        s = t0.lanewise(LSHL, 17).and(mask).or(one).reinterpretAsFloats();
        t = t1.lanewise(LSHL, 17).and(mask).or(one).reinterpretAsFloats();
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
        s = t0.lanewise(LSHL, 20).and(mask).or(one).reinterpretAsFloats();
        t = t1.lanewise(LSHL, 20).and(mask).or(one).reinterpretAsFloats();
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
      IntVector t0 = IntVector.zero(INTS);
      IntVector t1 = IntVector.zero(INTS);
      int t = panelAt + u * (32 * PANEL);
      for (int v = 0; v < 3; v++) {
        IntVector p = IntVector.fromArray(INTS, w, at + (u * 3 + v) * ROWS);
        IntVector q = IntVector.fromArray(INTS, w, at + (u * 3 + v) * ROWS + LANES);
        int c = t + v * (10 * PANEL);
        p.lanewise(LSHL, 20)
            .and(mask)
            .or(one)
            .reinterpretAsFloats()
            .fma(s0, o0)
            .intoArray(panel, c);
        q.lanewise(LSHL, 20)
            .and(mask)
            .or(one)
            .reinterpretAsFloats()
            .fma(s1, o1)
            .intoArray(panel, c + LANES);
        p.lanewise(LSHL, 17)
            .and(mask)
            .or(one)
            .reinterpretAsFloats()
            .fma(s0, o0)
            .intoArray(panel, c + PANEL);
        q.lanewise(LSHL, 17)
            .and(mask)
            .or(one)
            .reinterpretAsFloats()
            .fma(s1, o1)
            .intoArray(panel, c + PANEL + LANES);
        p.lanewise(LSHL, 14)
            .and(mask)
            .or(one)
            .reinterpretAsFloats()
            .fma(s0, o0)
            .intoArray(panel, c + 2 * PANEL);
        q.lanewise(LSHL, 14)
            .and(mask)
            .or(one)
            .reinterpretAsFloats()
            .fma(s1, o1)
            .intoArray(panel, c + 2 * PANEL + LANES);
        p.lanewise(LSHL, 11)
            .and(mask)
            .or(one)
            .reinterpretAsFloats()
            .fma(s0, o0)
            .intoArray(panel, c + 3 * PANEL);
        q.lanewise(LSHL, 11)
            .and(mask)
            .or(one)
            .reinterpretAsFloats()
            .fma(s1, o1)
            .intoArray(panel, c + 3 * PANEL + LANES);
        p.lanewise(LSHL, 8)
            .and(mask)
            .or(one)
            .reinterpretAsFloats()
            .fma(s0, o0)
            .intoArray(panel, c + 4 * PANEL);
        q.lanewise(LSHL, 8)
            .and(mask)
            .or(one)
            .reinterpretAsFloats()
            .fma(s1, o1)
            .intoArray(panel, c + 4 * PANEL + LANES);
        p.lanewise(LSHL, 5)
            .and(mask)
            .or(one)
            .reinterpretAsFloats()
            .fma(s0, o0)
            .intoArray(panel, c + 5 * PANEL);
        q.lanewise(LSHL, 5)
            .and(mask)
            .or(one)
            .reinterpretAsFloats()
            .fma(s1, o1)
            .intoArray(panel, c + 5 * PANEL + LANES);
        p.lanewise(LSHL, 2)
            .and(mask)
            .or(one)
            .reinterpretAsFloats()
            .fma(s0, o0)
            .intoArray(panel, c + 6 * PANEL);
        q.lanewise(LSHL, 2)
            .and(mask)
            .or(one)
            .reinterpretAsFloats()
            .fma(s1, o1)
            .intoArray(panel, c + 6 * PANEL + LANES);
        p.lanewise(LSHR, 1)
            .and(mask)
            .or(one)
            .reinterpretAsFloats()
            .fma(s0, o0)
            .intoArray(panel, c + 7 * PANEL);
        q.lanewise(LSHR, 1)
            .and(mask)
            .or(one)
            .reinterpretAsFloats()
            .fma(s1, o1)
            .intoArray(panel, c + 7 * PANEL + LANES);
        p.lanewise(LSHR, 4)
            .and(mask)
            .or(one)
            .reinterpretAsFloats()
            .fma(s0, o0)
            .intoArray(panel, c + 8 * PANEL);
        q.lanewise(LSHR, 4)
            .and(mask)
            .or(one)
            .reinterpretAsFloats()
            .fma(s1, o1)
            .intoArray(panel, c + 8 * PANEL + LANES);
        p.lanewise(LSHR, 7)
            .and(mask)
            .or(one)
            .reinterpretAsFloats()
            .fma(s0, o0)
            .intoArray(panel, c + 9 * PANEL);
        q.lanewise(LSHR, 7)
            .and(mask)
            .or(one)
            .reinterpretAsFloats()
            .fma(s1, o1)
            .intoArray(panel, c + 9 * PANEL + LANES);
        t0 = t0.lanewise(LSHL, 2).or(p.lanewise(LSHR, 30));
        t1 = t1.lanewise(LSHL, 2).or(q.lanewise(LSHR, 30));
      }
      t0.lanewise(LSHL, 17)
          .and(mask)
          .or(one)
          .reinterpretAsFloats()
          .fma(s0, o0)
          .intoArray(panel, t + 30 * PANEL);
      t1.lanewise(LSHL, 17)
          .and(mask)
          .or(one)
          .reinterpretAsFloats()
          .fma(s1, o1)
          .intoArray(panel, t + 30 * PANEL + LANES);
      t0.lanewise(LSHL, 20)
          .and(mask)
          .or(one)
          .reinterpretAsFloats()
          .fma(s0, o0)
          .intoArray(panel, t + 31 * PANEL);
      t1.lanewise(LSHL, 20)
          .and(mask)
          .or(one)
          .reinterpretAsFloats()
          .fma(s1, o1)
          .intoArray(panel, t + 31 * PANEL + LANES);
    }
  }
}

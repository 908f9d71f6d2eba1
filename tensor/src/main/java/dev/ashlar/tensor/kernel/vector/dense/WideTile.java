package dev.ashlar.tensor.kernel.vector.dense;

import dev.ashlar.tensor.kernel.vector.lanes.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The product of a strip and a panel in 24 accumulators, 6 rows by 4 vectors, for machines with 32
 * vector registers. Not unrolled over k: that spills and costs 15 to 30%.
 */
final class WideTile {
  private static final VectorSpecies<Float> F = Lanes.F;
  private static final int L = F.length();

  private WideTile() {}

  /**
   * {@code c[6, 4·L] (+)= Σ_p strip[p, 6] · panel[p, 4·L]}.
   *
   * @param a strip of {@code k} times {@link Lanes#STRIP} floats
   * @param b panel of {@code k} times {@link Lanes#PANEL} floats
   */
  static void multiply(
      int k,
      float[] a,
      int aOff,
      float[] b,
      int bOff,
      float[] c,
      int cOff,
      int ldc,
      boolean accumulate) {
    FloatVector c00 = FloatVector.zero(F);
    FloatVector c01 = FloatVector.zero(F);
    FloatVector c02 = FloatVector.zero(F);
    FloatVector c03 = FloatVector.zero(F);
    FloatVector c10 = FloatVector.zero(F);
    FloatVector c11 = FloatVector.zero(F);
    FloatVector c12 = FloatVector.zero(F);
    FloatVector c13 = FloatVector.zero(F);
    FloatVector c20 = FloatVector.zero(F);
    FloatVector c21 = FloatVector.zero(F);
    FloatVector c22 = FloatVector.zero(F);
    FloatVector c23 = FloatVector.zero(F);
    FloatVector c30 = FloatVector.zero(F);
    FloatVector c31 = FloatVector.zero(F);
    FloatVector c32 = FloatVector.zero(F);
    FloatVector c33 = FloatVector.zero(F);
    FloatVector c40 = FloatVector.zero(F);
    FloatVector c41 = FloatVector.zero(F);
    FloatVector c42 = FloatVector.zero(F);
    FloatVector c43 = FloatVector.zero(F);
    FloatVector c50 = FloatVector.zero(F);
    FloatVector c51 = FloatVector.zero(F);
    FloatVector c52 = FloatVector.zero(F);
    FloatVector c53 = FloatVector.zero(F);
    for (int p = 0; p < k; p++) {
      int at = aOff + Lanes.STRIP * p;
      int bt = bOff + Lanes.PANEL * p;
      FloatVector b0 = FloatVector.fromArray(F, b, bt);
      FloatVector b1 = FloatVector.fromArray(F, b, bt + L);
      FloatVector b2 = FloatVector.fromArray(F, b, bt + 2 * L);
      FloatVector b3 = FloatVector.fromArray(F, b, bt + 3 * L);
      FloatVector x = FloatVector.broadcast(F, a[at]);
      c00 = x.fma(b0, c00);
      c01 = x.fma(b1, c01);
      c02 = x.fma(b2, c02);
      c03 = x.fma(b3, c03);
      x = FloatVector.broadcast(F, a[at + 1]);
      c10 = x.fma(b0, c10);
      c11 = x.fma(b1, c11);
      c12 = x.fma(b2, c12);
      c13 = x.fma(b3, c13);
      x = FloatVector.broadcast(F, a[at + 2]);
      c20 = x.fma(b0, c20);
      c21 = x.fma(b1, c21);
      c22 = x.fma(b2, c22);
      c23 = x.fma(b3, c23);
      x = FloatVector.broadcast(F, a[at + 3]);
      c30 = x.fma(b0, c30);
      c31 = x.fma(b1, c31);
      c32 = x.fma(b2, c32);
      c33 = x.fma(b3, c33);
      x = FloatVector.broadcast(F, a[at + 4]);
      c40 = x.fma(b0, c40);
      c41 = x.fma(b1, c41);
      c42 = x.fma(b2, c42);
      c43 = x.fma(b3, c43);
      x = FloatVector.broadcast(F, a[at + 5]);
      c50 = x.fma(b0, c50);
      c51 = x.fma(b1, c51);
      c52 = x.fma(b2, c52);
      c53 = x.fma(b3, c53);
    }
    if (accumulate) {
      c00 = FloatVector.fromArray(F, c, cOff).add(c00);
      c01 = FloatVector.fromArray(F, c, cOff + L).add(c01);
      c02 = FloatVector.fromArray(F, c, cOff + 2 * L).add(c02);
      c03 = FloatVector.fromArray(F, c, cOff + 3 * L).add(c03);
      c10 = FloatVector.fromArray(F, c, cOff + ldc).add(c10);
      c11 = FloatVector.fromArray(F, c, cOff + ldc + L).add(c11);
      c12 = FloatVector.fromArray(F, c, cOff + ldc + 2 * L).add(c12);
      c13 = FloatVector.fromArray(F, c, cOff + ldc + 3 * L).add(c13);
      c20 = FloatVector.fromArray(F, c, cOff + 2 * ldc).add(c20);
      c21 = FloatVector.fromArray(F, c, cOff + 2 * ldc + L).add(c21);
      c22 = FloatVector.fromArray(F, c, cOff + 2 * ldc + 2 * L).add(c22);
      c23 = FloatVector.fromArray(F, c, cOff + 2 * ldc + 3 * L).add(c23);
      c30 = FloatVector.fromArray(F, c, cOff + 3 * ldc).add(c30);
      c31 = FloatVector.fromArray(F, c, cOff + 3 * ldc + L).add(c31);
      c32 = FloatVector.fromArray(F, c, cOff + 3 * ldc + 2 * L).add(c32);
      c33 = FloatVector.fromArray(F, c, cOff + 3 * ldc + 3 * L).add(c33);
      c40 = FloatVector.fromArray(F, c, cOff + 4 * ldc).add(c40);
      c41 = FloatVector.fromArray(F, c, cOff + 4 * ldc + L).add(c41);
      c42 = FloatVector.fromArray(F, c, cOff + 4 * ldc + 2 * L).add(c42);
      c43 = FloatVector.fromArray(F, c, cOff + 4 * ldc + 3 * L).add(c43);
      c50 = FloatVector.fromArray(F, c, cOff + 5 * ldc).add(c50);
      c51 = FloatVector.fromArray(F, c, cOff + 5 * ldc + L).add(c51);
      c52 = FloatVector.fromArray(F, c, cOff + 5 * ldc + 2 * L).add(c52);
      c53 = FloatVector.fromArray(F, c, cOff + 5 * ldc + 3 * L).add(c53);
    }
    c00.intoArray(c, cOff);
    c01.intoArray(c, cOff + L);
    c02.intoArray(c, cOff + 2 * L);
    c03.intoArray(c, cOff + 3 * L);
    c10.intoArray(c, cOff + ldc);
    c11.intoArray(c, cOff + ldc + L);
    c12.intoArray(c, cOff + ldc + 2 * L);
    c13.intoArray(c, cOff + ldc + 3 * L);
    c20.intoArray(c, cOff + 2 * ldc);
    c21.intoArray(c, cOff + 2 * ldc + L);
    c22.intoArray(c, cOff + 2 * ldc + 2 * L);
    c23.intoArray(c, cOff + 2 * ldc + 3 * L);
    c30.intoArray(c, cOff + 3 * ldc);
    c31.intoArray(c, cOff + 3 * ldc + L);
    c32.intoArray(c, cOff + 3 * ldc + 2 * L);
    c33.intoArray(c, cOff + 3 * ldc + 3 * L);
    c40.intoArray(c, cOff + 4 * ldc);
    c41.intoArray(c, cOff + 4 * ldc + L);
    c42.intoArray(c, cOff + 4 * ldc + 2 * L);
    c43.intoArray(c, cOff + 4 * ldc + 3 * L);
    c50.intoArray(c, cOff + 5 * ldc);
    c51.intoArray(c, cOff + 5 * ldc + L);
    c52.intoArray(c, cOff + 5 * ldc + 2 * L);
    c53.intoArray(c, cOff + 5 * ldc + 3 * L);
  }
}

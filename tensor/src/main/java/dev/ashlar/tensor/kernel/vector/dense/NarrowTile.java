package dev.ashlar.tensor.kernel.vector.dense;

import dev.ashlar.tensor.kernel.vector.lanes.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The product of a strip and a panel for machines with 16 vector registers: four rows by two
 * vectors at a time, for the upper and then the lower half of the strip. Eight accumulators stay in
 * registers; with twelve the compiler spills and the tile runs at half the speed.
 */
final class NarrowTile {
  private static final VectorSpecies<Float> F = Lanes.F;
  private static final int L = F.length();

  private NarrowTile() {}

  /**
   * {@code c[8, 2·L] (+)= Σ_p strip[p, 8] · panel[p, 2·L]}.
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
    half(k, a, aOff, b, bOff, c, cOff, ldc, accumulate);
    half(k, a, aOff + 4, b, bOff, c, cOff + 4 * ldc, ldc, accumulate);
  }

  private static void half(
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
    FloatVector c10 = FloatVector.zero(F);
    FloatVector c11 = FloatVector.zero(F);
    FloatVector c20 = FloatVector.zero(F);
    FloatVector c21 = FloatVector.zero(F);
    FloatVector c30 = FloatVector.zero(F);
    FloatVector c31 = FloatVector.zero(F);
    for (int p = 0; p < k; p++) {
      int at = aOff + Lanes.STRIP * p;
      int bt = bOff + Lanes.PANEL * p;
      FloatVector b0 = FloatVector.fromArray(F, b, bt);
      FloatVector b1 = FloatVector.fromArray(F, b, bt + L);
      FloatVector x = FloatVector.broadcast(F, a[at]);
      c00 = x.fma(b0, c00);
      c01 = x.fma(b1, c01);
      x = FloatVector.broadcast(F, a[at + 1]);
      c10 = x.fma(b0, c10);
      c11 = x.fma(b1, c11);
      x = FloatVector.broadcast(F, a[at + 2]);
      c20 = x.fma(b0, c20);
      c21 = x.fma(b1, c21);
      x = FloatVector.broadcast(F, a[at + 3]);
      c30 = x.fma(b0, c30);
      c31 = x.fma(b1, c31);
    }
    if (accumulate) {
      c00 = FloatVector.fromArray(F, c, cOff).add(c00);
      c01 = FloatVector.fromArray(F, c, cOff + L).add(c01);
      c10 = FloatVector.fromArray(F, c, cOff + ldc).add(c10);
      c11 = FloatVector.fromArray(F, c, cOff + ldc + L).add(c11);
      c20 = FloatVector.fromArray(F, c, cOff + 2 * ldc).add(c20);
      c21 = FloatVector.fromArray(F, c, cOff + 2 * ldc + L).add(c21);
      c30 = FloatVector.fromArray(F, c, cOff + 3 * ldc).add(c30);
      c31 = FloatVector.fromArray(F, c, cOff + 3 * ldc + L).add(c31);
    }
    c00.intoArray(c, cOff);
    c01.intoArray(c, cOff + L);
    c10.intoArray(c, cOff + ldc);
    c11.intoArray(c, cOff + ldc + L);
    c20.intoArray(c, cOff + 2 * ldc);
    c21.intoArray(c, cOff + 2 * ldc + L);
    c30.intoArray(c, cOff + 3 * ldc);
    c31.intoArray(c, cOff + 3 * ldc + L);
  }
}

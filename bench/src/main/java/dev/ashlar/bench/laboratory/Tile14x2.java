package dev.ashlar.bench.laboratory;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** 14 rows by 2 vectors, 28 sums. */
final class Tile14x2 {
  private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
  private static final int L = F.length();
  static final int ROWS = 14;
  static final int STRIP = 16;
  static final int PANEL = 2 * L;

  private Tile14x2() {}

  /** {@code c[ROWS, PANEL] = a · b}, with a [k, STRIP] and b [k, PANEL]. */
  static void multiply(int k, float[] a, float[] b, float[] c) {
    FloatVector s0a = FloatVector.zero(F);
    FloatVector s0b = FloatVector.zero(F);
    FloatVector s1a = FloatVector.zero(F);
    FloatVector s1b = FloatVector.zero(F);
    FloatVector s2a = FloatVector.zero(F);
    FloatVector s2b = FloatVector.zero(F);
    FloatVector s3a = FloatVector.zero(F);
    FloatVector s3b = FloatVector.zero(F);
    FloatVector s4a = FloatVector.zero(F);
    FloatVector s4b = FloatVector.zero(F);
    FloatVector s5a = FloatVector.zero(F);
    FloatVector s5b = FloatVector.zero(F);
    FloatVector s6a = FloatVector.zero(F);
    FloatVector s6b = FloatVector.zero(F);
    FloatVector s7a = FloatVector.zero(F);
    FloatVector s7b = FloatVector.zero(F);
    FloatVector s8a = FloatVector.zero(F);
    FloatVector s8b = FloatVector.zero(F);
    FloatVector s9a = FloatVector.zero(F);
    FloatVector s9b = FloatVector.zero(F);
    FloatVector s10a = FloatVector.zero(F);
    FloatVector s10b = FloatVector.zero(F);
    FloatVector s11a = FloatVector.zero(F);
    FloatVector s11b = FloatVector.zero(F);
    FloatVector s12a = FloatVector.zero(F);
    FloatVector s12b = FloatVector.zero(F);
    FloatVector s13a = FloatVector.zero(F);
    FloatVector s13b = FloatVector.zero(F);
    for (int i = 0; i < k; i++) {
      FloatVector b0 = FloatVector.fromArray(F, b, PANEL * i + 0 * L);
      FloatVector b1 = FloatVector.fromArray(F, b, PANEL * i + 1 * L);
      FloatVector a0 = FloatVector.broadcast(F, a[STRIP * i + 0]);
      s0a = a0.fma(b0, s0a);
      s0b = a0.fma(b1, s0b);
      FloatVector a1 = FloatVector.broadcast(F, a[STRIP * i + 1]);
      s1a = a1.fma(b0, s1a);
      s1b = a1.fma(b1, s1b);
      FloatVector a2 = FloatVector.broadcast(F, a[STRIP * i + 2]);
      s2a = a2.fma(b0, s2a);
      s2b = a2.fma(b1, s2b);
      FloatVector a3 = FloatVector.broadcast(F, a[STRIP * i + 3]);
      s3a = a3.fma(b0, s3a);
      s3b = a3.fma(b1, s3b);
      FloatVector a4 = FloatVector.broadcast(F, a[STRIP * i + 4]);
      s4a = a4.fma(b0, s4a);
      s4b = a4.fma(b1, s4b);
      FloatVector a5 = FloatVector.broadcast(F, a[STRIP * i + 5]);
      s5a = a5.fma(b0, s5a);
      s5b = a5.fma(b1, s5b);
      FloatVector a6 = FloatVector.broadcast(F, a[STRIP * i + 6]);
      s6a = a6.fma(b0, s6a);
      s6b = a6.fma(b1, s6b);
      FloatVector a7 = FloatVector.broadcast(F, a[STRIP * i + 7]);
      s7a = a7.fma(b0, s7a);
      s7b = a7.fma(b1, s7b);
      FloatVector a8 = FloatVector.broadcast(F, a[STRIP * i + 8]);
      s8a = a8.fma(b0, s8a);
      s8b = a8.fma(b1, s8b);
      FloatVector a9 = FloatVector.broadcast(F, a[STRIP * i + 9]);
      s9a = a9.fma(b0, s9a);
      s9b = a9.fma(b1, s9b);
      FloatVector a10 = FloatVector.broadcast(F, a[STRIP * i + 10]);
      s10a = a10.fma(b0, s10a);
      s10b = a10.fma(b1, s10b);
      FloatVector a11 = FloatVector.broadcast(F, a[STRIP * i + 11]);
      s11a = a11.fma(b0, s11a);
      s11b = a11.fma(b1, s11b);
      FloatVector a12 = FloatVector.broadcast(F, a[STRIP * i + 12]);
      s12a = a12.fma(b0, s12a);
      s12b = a12.fma(b1, s12b);
      FloatVector a13 = FloatVector.broadcast(F, a[STRIP * i + 13]);
      s13a = a13.fma(b0, s13a);
      s13b = a13.fma(b1, s13b);
    }
    s0a.intoArray(c, 0 * PANEL + 0 * L);
    s0b.intoArray(c, 0 * PANEL + 1 * L);
    s1a.intoArray(c, 1 * PANEL + 0 * L);
    s1b.intoArray(c, 1 * PANEL + 1 * L);
    s2a.intoArray(c, 2 * PANEL + 0 * L);
    s2b.intoArray(c, 2 * PANEL + 1 * L);
    s3a.intoArray(c, 3 * PANEL + 0 * L);
    s3b.intoArray(c, 3 * PANEL + 1 * L);
    s4a.intoArray(c, 4 * PANEL + 0 * L);
    s4b.intoArray(c, 4 * PANEL + 1 * L);
    s5a.intoArray(c, 5 * PANEL + 0 * L);
    s5b.intoArray(c, 5 * PANEL + 1 * L);
    s6a.intoArray(c, 6 * PANEL + 0 * L);
    s6b.intoArray(c, 6 * PANEL + 1 * L);
    s7a.intoArray(c, 7 * PANEL + 0 * L);
    s7b.intoArray(c, 7 * PANEL + 1 * L);
    s8a.intoArray(c, 8 * PANEL + 0 * L);
    s8b.intoArray(c, 8 * PANEL + 1 * L);
    s9a.intoArray(c, 9 * PANEL + 0 * L);
    s9b.intoArray(c, 9 * PANEL + 1 * L);
    s10a.intoArray(c, 10 * PANEL + 0 * L);
    s10b.intoArray(c, 10 * PANEL + 1 * L);
    s11a.intoArray(c, 11 * PANEL + 0 * L);
    s11b.intoArray(c, 11 * PANEL + 1 * L);
    s12a.intoArray(c, 12 * PANEL + 0 * L);
    s12b.intoArray(c, 12 * PANEL + 1 * L);
    s13a.intoArray(c, 13 * PANEL + 0 * L);
    s13b.intoArray(c, 13 * PANEL + 1 * L);
  }
}

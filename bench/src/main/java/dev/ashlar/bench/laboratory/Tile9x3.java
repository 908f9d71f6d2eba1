package dev.ashlar.bench.laboratory;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** 9 rows by 3 vectors, 27 sums. */
final class Tile9x3 {
  private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
  private static final int L = F.length();
  static final int ROWS = 9;
  static final int STRIP = 16;
  static final int PANEL = 3 * L;

  private Tile9x3() {}

  /** {@code c[ROWS, PANEL] = a · b}, with a [k, STRIP] and b [k, PANEL]. */
  static void multiply(int k, float[] a, float[] b, float[] c) {
    FloatVector s0a = FloatVector.zero(F);
    FloatVector s0b = FloatVector.zero(F);
    FloatVector s0c = FloatVector.zero(F);
    FloatVector s1a = FloatVector.zero(F);
    FloatVector s1b = FloatVector.zero(F);
    FloatVector s1c = FloatVector.zero(F);
    FloatVector s2a = FloatVector.zero(F);
    FloatVector s2b = FloatVector.zero(F);
    FloatVector s2c = FloatVector.zero(F);
    FloatVector s3a = FloatVector.zero(F);
    FloatVector s3b = FloatVector.zero(F);
    FloatVector s3c = FloatVector.zero(F);
    FloatVector s4a = FloatVector.zero(F);
    FloatVector s4b = FloatVector.zero(F);
    FloatVector s4c = FloatVector.zero(F);
    FloatVector s5a = FloatVector.zero(F);
    FloatVector s5b = FloatVector.zero(F);
    FloatVector s5c = FloatVector.zero(F);
    FloatVector s6a = FloatVector.zero(F);
    FloatVector s6b = FloatVector.zero(F);
    FloatVector s6c = FloatVector.zero(F);
    FloatVector s7a = FloatVector.zero(F);
    FloatVector s7b = FloatVector.zero(F);
    FloatVector s7c = FloatVector.zero(F);
    FloatVector s8a = FloatVector.zero(F);
    FloatVector s8b = FloatVector.zero(F);
    FloatVector s8c = FloatVector.zero(F);
    for (int i = 0; i < k; i++) {
      FloatVector b0 = FloatVector.fromArray(F, b, PANEL * i + 0 * L);
      FloatVector b1 = FloatVector.fromArray(F, b, PANEL * i + 1 * L);
      FloatVector b2 = FloatVector.fromArray(F, b, PANEL * i + 2 * L);
      FloatVector a0 = FloatVector.broadcast(F, a[STRIP * i + 0]);
      s0a = a0.fma(b0, s0a);
      s0b = a0.fma(b1, s0b);
      s0c = a0.fma(b2, s0c);
      FloatVector a1 = FloatVector.broadcast(F, a[STRIP * i + 1]);
      s1a = a1.fma(b0, s1a);
      s1b = a1.fma(b1, s1b);
      s1c = a1.fma(b2, s1c);
      FloatVector a2 = FloatVector.broadcast(F, a[STRIP * i + 2]);
      s2a = a2.fma(b0, s2a);
      s2b = a2.fma(b1, s2b);
      s2c = a2.fma(b2, s2c);
      FloatVector a3 = FloatVector.broadcast(F, a[STRIP * i + 3]);
      s3a = a3.fma(b0, s3a);
      s3b = a3.fma(b1, s3b);
      s3c = a3.fma(b2, s3c);
      FloatVector a4 = FloatVector.broadcast(F, a[STRIP * i + 4]);
      s4a = a4.fma(b0, s4a);
      s4b = a4.fma(b1, s4b);
      s4c = a4.fma(b2, s4c);
      FloatVector a5 = FloatVector.broadcast(F, a[STRIP * i + 5]);
      s5a = a5.fma(b0, s5a);
      s5b = a5.fma(b1, s5b);
      s5c = a5.fma(b2, s5c);
      FloatVector a6 = FloatVector.broadcast(F, a[STRIP * i + 6]);
      s6a = a6.fma(b0, s6a);
      s6b = a6.fma(b1, s6b);
      s6c = a6.fma(b2, s6c);
      FloatVector a7 = FloatVector.broadcast(F, a[STRIP * i + 7]);
      s7a = a7.fma(b0, s7a);
      s7b = a7.fma(b1, s7b);
      s7c = a7.fma(b2, s7c);
      FloatVector a8 = FloatVector.broadcast(F, a[STRIP * i + 8]);
      s8a = a8.fma(b0, s8a);
      s8b = a8.fma(b1, s8b);
      s8c = a8.fma(b2, s8c);
    }
    s0a.intoArray(c, 0 * PANEL + 0 * L);
    s0b.intoArray(c, 0 * PANEL + 1 * L);
    s0c.intoArray(c, 0 * PANEL + 2 * L);
    s1a.intoArray(c, 1 * PANEL + 0 * L);
    s1b.intoArray(c, 1 * PANEL + 1 * L);
    s1c.intoArray(c, 1 * PANEL + 2 * L);
    s2a.intoArray(c, 2 * PANEL + 0 * L);
    s2b.intoArray(c, 2 * PANEL + 1 * L);
    s2c.intoArray(c, 2 * PANEL + 2 * L);
    s3a.intoArray(c, 3 * PANEL + 0 * L);
    s3b.intoArray(c, 3 * PANEL + 1 * L);
    s3c.intoArray(c, 3 * PANEL + 2 * L);
    s4a.intoArray(c, 4 * PANEL + 0 * L);
    s4b.intoArray(c, 4 * PANEL + 1 * L);
    s4c.intoArray(c, 4 * PANEL + 2 * L);
    s5a.intoArray(c, 5 * PANEL + 0 * L);
    s5b.intoArray(c, 5 * PANEL + 1 * L);
    s5c.intoArray(c, 5 * PANEL + 2 * L);
    s6a.intoArray(c, 6 * PANEL + 0 * L);
    s6b.intoArray(c, 6 * PANEL + 1 * L);
    s6c.intoArray(c, 6 * PANEL + 2 * L);
    s7a.intoArray(c, 7 * PANEL + 0 * L);
    s7b.intoArray(c, 7 * PANEL + 1 * L);
    s7c.intoArray(c, 7 * PANEL + 2 * L);
    s8a.intoArray(c, 8 * PANEL + 0 * L);
    s8b.intoArray(c, 8 * PANEL + 1 * L);
    s8c.intoArray(c, 8 * PANEL + 2 * L);
  }
}

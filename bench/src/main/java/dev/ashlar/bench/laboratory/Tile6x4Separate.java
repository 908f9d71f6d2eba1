package dev.ashlar.bench.laboratory;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** 6 rows by 4 vectors, multiplying and then adding. */
final class Tile6x4Separate {
  private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
  private static final int L = F.length();
  static final int ROWS = 6;
  static final int STRIP = 8;
  static final int PANEL = 4 * L;

  private Tile6x4Separate() {}

  /** {@code c[ROWS, PANEL] = a · b}, with a [k, STRIP] and b [k, PANEL]. */
  static void multiply(int k, float[] a, float[] b, float[] c) {
    FloatVector s0a = FloatVector.zero(F);
    FloatVector s0b = FloatVector.zero(F);
    FloatVector s0c = FloatVector.zero(F);
    FloatVector s0d = FloatVector.zero(F);
    FloatVector s1a = FloatVector.zero(F);
    FloatVector s1b = FloatVector.zero(F);
    FloatVector s1c = FloatVector.zero(F);
    FloatVector s1d = FloatVector.zero(F);
    FloatVector s2a = FloatVector.zero(F);
    FloatVector s2b = FloatVector.zero(F);
    FloatVector s2c = FloatVector.zero(F);
    FloatVector s2d = FloatVector.zero(F);
    FloatVector s3a = FloatVector.zero(F);
    FloatVector s3b = FloatVector.zero(F);
    FloatVector s3c = FloatVector.zero(F);
    FloatVector s3d = FloatVector.zero(F);
    FloatVector s4a = FloatVector.zero(F);
    FloatVector s4b = FloatVector.zero(F);
    FloatVector s4c = FloatVector.zero(F);
    FloatVector s4d = FloatVector.zero(F);
    FloatVector s5a = FloatVector.zero(F);
    FloatVector s5b = FloatVector.zero(F);
    FloatVector s5c = FloatVector.zero(F);
    FloatVector s5d = FloatVector.zero(F);
    for (int i = 0; i < k; i++) {
      FloatVector b0 = FloatVector.fromArray(F, b, PANEL * i + 0 * L);
      FloatVector b1 = FloatVector.fromArray(F, b, PANEL * i + 1 * L);
      FloatVector b2 = FloatVector.fromArray(F, b, PANEL * i + 2 * L);
      FloatVector b3 = FloatVector.fromArray(F, b, PANEL * i + 3 * L);
      FloatVector a0 = FloatVector.broadcast(F, a[STRIP * i + 0]);
      s0a = a0.mul(b0).add(s0a);
      s0b = a0.mul(b1).add(s0b);
      s0c = a0.mul(b2).add(s0c);
      s0d = a0.mul(b3).add(s0d);
      FloatVector a1 = FloatVector.broadcast(F, a[STRIP * i + 1]);
      s1a = a1.mul(b0).add(s1a);
      s1b = a1.mul(b1).add(s1b);
      s1c = a1.mul(b2).add(s1c);
      s1d = a1.mul(b3).add(s1d);
      FloatVector a2 = FloatVector.broadcast(F, a[STRIP * i + 2]);
      s2a = a2.mul(b0).add(s2a);
      s2b = a2.mul(b1).add(s2b);
      s2c = a2.mul(b2).add(s2c);
      s2d = a2.mul(b3).add(s2d);
      FloatVector a3 = FloatVector.broadcast(F, a[STRIP * i + 3]);
      s3a = a3.mul(b0).add(s3a);
      s3b = a3.mul(b1).add(s3b);
      s3c = a3.mul(b2).add(s3c);
      s3d = a3.mul(b3).add(s3d);
      FloatVector a4 = FloatVector.broadcast(F, a[STRIP * i + 4]);
      s4a = a4.mul(b0).add(s4a);
      s4b = a4.mul(b1).add(s4b);
      s4c = a4.mul(b2).add(s4c);
      s4d = a4.mul(b3).add(s4d);
      FloatVector a5 = FloatVector.broadcast(F, a[STRIP * i + 5]);
      s5a = a5.mul(b0).add(s5a);
      s5b = a5.mul(b1).add(s5b);
      s5c = a5.mul(b2).add(s5c);
      s5d = a5.mul(b3).add(s5d);
    }
    s0a.intoArray(c, 0 * PANEL + 0 * L);
    s0b.intoArray(c, 0 * PANEL + 1 * L);
    s0c.intoArray(c, 0 * PANEL + 2 * L);
    s0d.intoArray(c, 0 * PANEL + 3 * L);
    s1a.intoArray(c, 1 * PANEL + 0 * L);
    s1b.intoArray(c, 1 * PANEL + 1 * L);
    s1c.intoArray(c, 1 * PANEL + 2 * L);
    s1d.intoArray(c, 1 * PANEL + 3 * L);
    s2a.intoArray(c, 2 * PANEL + 0 * L);
    s2b.intoArray(c, 2 * PANEL + 1 * L);
    s2c.intoArray(c, 2 * PANEL + 2 * L);
    s2d.intoArray(c, 2 * PANEL + 3 * L);
    s3a.intoArray(c, 3 * PANEL + 0 * L);
    s3b.intoArray(c, 3 * PANEL + 1 * L);
    s3c.intoArray(c, 3 * PANEL + 2 * L);
    s3d.intoArray(c, 3 * PANEL + 3 * L);
    s4a.intoArray(c, 4 * PANEL + 0 * L);
    s4b.intoArray(c, 4 * PANEL + 1 * L);
    s4c.intoArray(c, 4 * PANEL + 2 * L);
    s4d.intoArray(c, 4 * PANEL + 3 * L);
    s5a.intoArray(c, 5 * PANEL + 0 * L);
    s5b.intoArray(c, 5 * PANEL + 1 * L);
    s5c.intoArray(c, 5 * PANEL + 2 * L);
    s5d.intoArray(c, 5 * PANEL + 3 * L);
  }
}

package dev.ashlar.tensor.kernel.vector.dense;

import static dev.ashlar.tensor.kernel.vector.lanes.Lanes.F;
import static dev.ashlar.tensor.kernel.vector.lanes.Lanes.L;

import dev.ashlar.tensor.kernel.vector.lanes.Interleave;
import dev.ashlar.tensor.kernel.vector.lanes.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Dot products of one vector with as many rows as there are lanes. An accumulator for each row; at
 * the end a tree of shuffles and additions folds them all into one vector, at a third of the cost
 * of folding them one by one.
 */
public final class RowDots {
  private static final VectorSpecies<Integer> I = VectorSpecies.of(int.class, F.vectorShape());

  /** Whether {@link #lanes} works at this width. */
  public static final boolean AVAILABLE = L == 16 || L == 8;

  private static final int[] LOWER = Interleave.turns(0);
  private static final int[] UPPER = Interleave.turns(L / 2);

  private RowDots() {}

  /**
   * {@code s[j] = q · x_j} for {@link Lanes#L} rows of x, {@code ld} floats apart, over {@code n}
   * floats, a multiple of {@link Lanes#WAYS}; each as {@link Lanes#dot} sums it.
   */
  public static void lanes(
      int n, float[] q, int qOff, float[] x, int xOff, int ld, float[] s, int sOff) {
    if (L == 16) {
      sixteen(n, q, qOff, x, xOff, ld, s, sOff);
    } else {
      eight(n, q, qOff, x, xOff, ld, s, sOff);
    }
  }

  private static void sixteen(
      int n, float[] q, int qOff, float[] x, int xOff, int ld, float[] s, int sOff) {
    FloatVector r0 = FloatVector.zero(F);
    FloatVector r1 = FloatVector.zero(F);
    FloatVector r2 = FloatVector.zero(F);
    FloatVector r3 = FloatVector.zero(F);
    FloatVector r4 = FloatVector.zero(F);
    FloatVector r5 = FloatVector.zero(F);
    FloatVector r6 = FloatVector.zero(F);
    FloatVector r7 = FloatVector.zero(F);
    FloatVector r8 = FloatVector.zero(F);
    FloatVector r9 = FloatVector.zero(F);
    FloatVector r10 = FloatVector.zero(F);
    FloatVector r11 = FloatVector.zero(F);
    FloatVector r12 = FloatVector.zero(F);
    FloatVector r13 = FloatVector.zero(F);
    FloatVector r14 = FloatVector.zero(F);
    FloatVector r15 = FloatVector.zero(F);
    for (int i = 0; i < n; i += L) {
      int at = xOff + i;
      FloatVector v = FloatVector.fromArray(F, q, qOff + i);
      r0 = v.fma(FloatVector.fromArray(F, x, at), r0);
      r1 = v.fma(FloatVector.fromArray(F, x, at + ld), r1);
      r2 = v.fma(FloatVector.fromArray(F, x, at + 2 * ld), r2);
      r3 = v.fma(FloatVector.fromArray(F, x, at + 3 * ld), r3);
      r4 = v.fma(FloatVector.fromArray(F, x, at + 4 * ld), r4);
      r5 = v.fma(FloatVector.fromArray(F, x, at + 5 * ld), r5);
      r6 = v.fma(FloatVector.fromArray(F, x, at + 6 * ld), r6);
      r7 = v.fma(FloatVector.fromArray(F, x, at + 7 * ld), r7);
      r8 = v.fma(FloatVector.fromArray(F, x, at + 8 * ld), r8);
      r9 = v.fma(FloatVector.fromArray(F, x, at + 9 * ld), r9);
      r10 = v.fma(FloatVector.fromArray(F, x, at + 10 * ld), r10);
      r11 = v.fma(FloatVector.fromArray(F, x, at + 11 * ld), r11);
      r12 = v.fma(FloatVector.fromArray(F, x, at + 12 * ld), r12);
      r13 = v.fma(FloatVector.fromArray(F, x, at + 13 * ld), r13);
      r14 = v.fma(FloatVector.fromArray(F, x, at + 14 * ld), r14);
      r15 = v.fma(FloatVector.fromArray(F, x, at + 15 * ld), r15);
    }
    IntVector lower = IntVector.fromArray(I, LOWER, 0);
    IntVector upper = IntVector.fromArray(I, UPPER, 0);
    FloatVector a0 =
        lower
            .selectFrom(r0.reinterpretAsInts(), r8.reinterpretAsInts())
            .reinterpretAsFloats()
            .add(
                upper
                    .selectFrom(r0.reinterpretAsInts(), r8.reinterpretAsInts())
                    .reinterpretAsFloats());
    FloatVector a1 =
        lower
            .selectFrom(r1.reinterpretAsInts(), r9.reinterpretAsInts())
            .reinterpretAsFloats()
            .add(
                upper
                    .selectFrom(r1.reinterpretAsInts(), r9.reinterpretAsInts())
                    .reinterpretAsFloats());
    FloatVector a2 =
        lower
            .selectFrom(r2.reinterpretAsInts(), r10.reinterpretAsInts())
            .reinterpretAsFloats()
            .add(
                upper
                    .selectFrom(r2.reinterpretAsInts(), r10.reinterpretAsInts())
                    .reinterpretAsFloats());
    FloatVector a3 =
        lower
            .selectFrom(r3.reinterpretAsInts(), r11.reinterpretAsInts())
            .reinterpretAsFloats()
            .add(
                upper
                    .selectFrom(r3.reinterpretAsInts(), r11.reinterpretAsInts())
                    .reinterpretAsFloats());
    FloatVector a4 =
        lower
            .selectFrom(r4.reinterpretAsInts(), r12.reinterpretAsInts())
            .reinterpretAsFloats()
            .add(
                upper
                    .selectFrom(r4.reinterpretAsInts(), r12.reinterpretAsInts())
                    .reinterpretAsFloats());
    FloatVector a5 =
        lower
            .selectFrom(r5.reinterpretAsInts(), r13.reinterpretAsInts())
            .reinterpretAsFloats()
            .add(
                upper
                    .selectFrom(r5.reinterpretAsInts(), r13.reinterpretAsInts())
                    .reinterpretAsFloats());
    FloatVector a6 =
        lower
            .selectFrom(r6.reinterpretAsInts(), r14.reinterpretAsInts())
            .reinterpretAsFloats()
            .add(
                upper
                    .selectFrom(r6.reinterpretAsInts(), r14.reinterpretAsInts())
                    .reinterpretAsFloats());
    FloatVector a7 =
        lower
            .selectFrom(r7.reinterpretAsInts(), r15.reinterpretAsInts())
            .reinterpretAsFloats()
            .add(
                upper
                    .selectFrom(r7.reinterpretAsInts(), r15.reinterpretAsInts())
                    .reinterpretAsFloats());
    FloatVector b0 =
        lower
            .selectFrom(a0.reinterpretAsInts(), a4.reinterpretAsInts())
            .reinterpretAsFloats()
            .add(
                upper
                    .selectFrom(a0.reinterpretAsInts(), a4.reinterpretAsInts())
                    .reinterpretAsFloats());
    FloatVector b1 =
        lower
            .selectFrom(a1.reinterpretAsInts(), a5.reinterpretAsInts())
            .reinterpretAsFloats()
            .add(
                upper
                    .selectFrom(a1.reinterpretAsInts(), a5.reinterpretAsInts())
                    .reinterpretAsFloats());
    FloatVector b2 =
        lower
            .selectFrom(a2.reinterpretAsInts(), a6.reinterpretAsInts())
            .reinterpretAsFloats()
            .add(
                upper
                    .selectFrom(a2.reinterpretAsInts(), a6.reinterpretAsInts())
                    .reinterpretAsFloats());
    FloatVector b3 =
        lower
            .selectFrom(a3.reinterpretAsInts(), a7.reinterpretAsInts())
            .reinterpretAsFloats()
            .add(
                upper
                    .selectFrom(a3.reinterpretAsInts(), a7.reinterpretAsInts())
                    .reinterpretAsFloats());
    FloatVector c0 =
        lower
            .selectFrom(b0.reinterpretAsInts(), b2.reinterpretAsInts())
            .reinterpretAsFloats()
            .add(
                upper
                    .selectFrom(b0.reinterpretAsInts(), b2.reinterpretAsInts())
                    .reinterpretAsFloats());
    FloatVector c1 =
        lower
            .selectFrom(b1.reinterpretAsInts(), b3.reinterpretAsInts())
            .reinterpretAsFloats()
            .add(
                upper
                    .selectFrom(b1.reinterpretAsInts(), b3.reinterpretAsInts())
                    .reinterpretAsFloats());
    FloatVector d0 =
        lower
            .selectFrom(c0.reinterpretAsInts(), c1.reinterpretAsInts())
            .reinterpretAsFloats()
            .add(
                upper
                    .selectFrom(c0.reinterpretAsInts(), c1.reinterpretAsInts())
                    .reinterpretAsFloats());
    d0.intoArray(s, sOff);
  }

  private static void eight(
      int n, float[] q, int qOff, float[] x, int xOff, int ld, float[] s, int sOff) {
    // Two accumulators a row: those of four rows at a time leave registers for the rest.
    FloatVector r0 = FloatVector.zero(F);
    FloatVector r1 = r0;
    FloatVector r2 = r0;
    FloatVector r3 = r0;
    FloatVector s0 = r0;
    FloatVector s1 = r0;
    FloatVector s2 = r0;
    FloatVector s3 = r0;
    for (int i = 0; i < n; i += 2 * L) {
      int at = xOff + i;
      FloatVector v = FloatVector.fromArray(F, q, qOff + i);
      r0 = v.fma(FloatVector.fromArray(F, x, at), r0);
      r1 = v.fma(FloatVector.fromArray(F, x, at + ld), r1);
      r2 = v.fma(FloatVector.fromArray(F, x, at + 2 * ld), r2);
      r3 = v.fma(FloatVector.fromArray(F, x, at + 3 * ld), r3);
      v = FloatVector.fromArray(F, q, qOff + i + L);
      s0 = v.fma(FloatVector.fromArray(F, x, at + L), s0);
      s1 = v.fma(FloatVector.fromArray(F, x, at + ld + L), s1);
      s2 = v.fma(FloatVector.fromArray(F, x, at + 2 * ld + L), s2);
      s3 = v.fma(FloatVector.fromArray(F, x, at + 3 * ld + L), s3);
    }
    r0 = r0.add(s0);
    r1 = r1.add(s1);
    r2 = r2.add(s2);
    r3 = r3.add(s3);
    FloatVector r4 = FloatVector.zero(F);
    FloatVector r5 = r4;
    FloatVector r6 = r4;
    FloatVector r7 = r4;
    FloatVector s4 = r4;
    FloatVector s5 = r4;
    FloatVector s6 = r4;
    FloatVector s7 = r4;
    for (int i = 0; i < n; i += 2 * L) {
      int at = xOff + 4 * ld + i;
      FloatVector v = FloatVector.fromArray(F, q, qOff + i);
      r4 = v.fma(FloatVector.fromArray(F, x, at), r4);
      r5 = v.fma(FloatVector.fromArray(F, x, at + ld), r5);
      r6 = v.fma(FloatVector.fromArray(F, x, at + 2 * ld), r6);
      r7 = v.fma(FloatVector.fromArray(F, x, at + 3 * ld), r7);
      v = FloatVector.fromArray(F, q, qOff + i + L);
      s4 = v.fma(FloatVector.fromArray(F, x, at + L), s4);
      s5 = v.fma(FloatVector.fromArray(F, x, at + ld + L), s5);
      s6 = v.fma(FloatVector.fromArray(F, x, at + 2 * ld + L), s6);
      s7 = v.fma(FloatVector.fromArray(F, x, at + 3 * ld + L), s7);
    }
    r4 = r4.add(s4);
    r5 = r5.add(s5);
    r6 = r6.add(s6);
    r7 = r7.add(s7);
    IntVector lower = IntVector.fromArray(I, LOWER, 0);
    IntVector upper = IntVector.fromArray(I, UPPER, 0);
    FloatVector a0 =
        lower
            .selectFrom(r0.reinterpretAsInts(), r4.reinterpretAsInts())
            .reinterpretAsFloats()
            .add(
                upper
                    .selectFrom(r0.reinterpretAsInts(), r4.reinterpretAsInts())
                    .reinterpretAsFloats());
    FloatVector a1 =
        lower
            .selectFrom(r1.reinterpretAsInts(), r5.reinterpretAsInts())
            .reinterpretAsFloats()
            .add(
                upper
                    .selectFrom(r1.reinterpretAsInts(), r5.reinterpretAsInts())
                    .reinterpretAsFloats());
    FloatVector a2 =
        lower
            .selectFrom(r2.reinterpretAsInts(), r6.reinterpretAsInts())
            .reinterpretAsFloats()
            .add(
                upper
                    .selectFrom(r2.reinterpretAsInts(), r6.reinterpretAsInts())
                    .reinterpretAsFloats());
    FloatVector a3 =
        lower
            .selectFrom(r3.reinterpretAsInts(), r7.reinterpretAsInts())
            .reinterpretAsFloats()
            .add(
                upper
                    .selectFrom(r3.reinterpretAsInts(), r7.reinterpretAsInts())
                    .reinterpretAsFloats());
    FloatVector b0 =
        lower
            .selectFrom(a0.reinterpretAsInts(), a2.reinterpretAsInts())
            .reinterpretAsFloats()
            .add(
                upper
                    .selectFrom(a0.reinterpretAsInts(), a2.reinterpretAsInts())
                    .reinterpretAsFloats());
    FloatVector b1 =
        lower
            .selectFrom(a1.reinterpretAsInts(), a3.reinterpretAsInts())
            .reinterpretAsFloats()
            .add(
                upper
                    .selectFrom(a1.reinterpretAsInts(), a3.reinterpretAsInts())
                    .reinterpretAsFloats());
    FloatVector c0 =
        lower
            .selectFrom(b0.reinterpretAsInts(), b1.reinterpretAsInts())
            .reinterpretAsFloats()
            .add(
                upper
                    .selectFrom(b0.reinterpretAsInts(), b1.reinterpretAsInts())
                    .reinterpretAsFloats());
    c0.intoArray(s, sOff);
  }
}

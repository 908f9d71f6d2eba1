package dev.ashlar.tensor.kernel.vector.lanes;

import static dev.ashlar.tensor.kernel.vector.lanes.Lanes.F;
import static dev.ashlar.tensor.kernel.vector.lanes.Lanes.L;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Interleaves rows of a matrix while packing it, which is transposing it in narrow strips: rounds
 * of perfect shuffles of row i with row i + half. The shuffles take two vectors at once, which is a
 * single instruction with AVX-512 and only for integers.
 */
public final class Interleave {
  private static final VectorSpecies<Integer> I = VectorSpecies.of(int.class, F.vectorShape());

  /** Indices that take the lower, and the upper, halves of two vectors in turn. */
  private static final int[] LOWER = turns(0);

  private static final int[] UPPER = turns(L / 2);

  private Interleave() {}

  /** Indices that take lanes {@code from} on of two vectors in turn. */
  public static int[] turns(int from) {
    int[] index = new int[L];
    for (int i = 0; i < L; i++) {
      index[i] = from + i / 2 + i % 2 * L;
    }
    return index;
  }

  /**
   * Interleaves six rows, and two of zeros, of {@code n} floats, a multiple of the lanes: {@code
   * to[8p + r] = x[r·ld + p]}.
   */
  public static void six(int n, float[] x, int off, int ld, float[] to, int toOff) {
    IntVector lower = IntVector.fromArray(I, LOWER, 0);
    IntVector upper = IntVector.fromArray(I, UPPER, 0);
    IntVector r6 = IntVector.zero(I);
    IntVector r7 = IntVector.zero(I);
    for (int p = 0; p < n; p += L) {
      int at = off + p;
      IntVector r0 = FloatVector.fromArray(F, x, at).reinterpretAsInts();
      IntVector r1 = FloatVector.fromArray(F, x, at + ld).reinterpretAsInts();
      IntVector r2 = FloatVector.fromArray(F, x, at + 2 * ld).reinterpretAsInts();
      IntVector r3 = FloatVector.fromArray(F, x, at + 3 * ld).reinterpretAsInts();
      IntVector r4 = FloatVector.fromArray(F, x, at + 4 * ld).reinterpretAsInts();
      IntVector r5 = FloatVector.fromArray(F, x, at + 5 * ld).reinterpretAsInts();
      IntVector a0 = lower.selectFrom(r0, r4);
      IntVector a1 = upper.selectFrom(r0, r4);
      IntVector a2 = lower.selectFrom(r1, r5);
      IntVector a3 = upper.selectFrom(r1, r5);
      IntVector a4 = lower.selectFrom(r2, r6);
      IntVector a5 = upper.selectFrom(r2, r6);
      IntVector a6 = lower.selectFrom(r3, r7);
      IntVector a7 = upper.selectFrom(r3, r7);
      IntVector b0 = lower.selectFrom(a0, a4);
      IntVector b1 = upper.selectFrom(a0, a4);
      IntVector b2 = lower.selectFrom(a1, a5);
      IntVector b3 = upper.selectFrom(a1, a5);
      IntVector b4 = lower.selectFrom(a2, a6);
      IntVector b5 = upper.selectFrom(a2, a6);
      IntVector b6 = lower.selectFrom(a3, a7);
      IntVector b7 = upper.selectFrom(a3, a7);
      IntVector c0 = lower.selectFrom(b0, b4);
      IntVector c1 = upper.selectFrom(b0, b4);
      IntVector c2 = lower.selectFrom(b1, b5);
      IntVector c3 = upper.selectFrom(b1, b5);
      IntVector c4 = lower.selectFrom(b2, b6);
      IntVector c5 = upper.selectFrom(b2, b6);
      IntVector c6 = lower.selectFrom(b3, b7);
      IntVector c7 = upper.selectFrom(b3, b7);
      int out = toOff + 8 * p;
      c0.reinterpretAsFloats().intoArray(to, out);
      c1.reinterpretAsFloats().intoArray(to, out + L);
      c2.reinterpretAsFloats().intoArray(to, out + 2 * L);
      c3.reinterpretAsFloats().intoArray(to, out + 3 * L);
      c4.reinterpretAsFloats().intoArray(to, out + 4 * L);
      c5.reinterpretAsFloats().intoArray(to, out + 5 * L);
      c6.reinterpretAsFloats().intoArray(to, out + 6 * L);
      c7.reinterpretAsFloats().intoArray(to, out + 7 * L);
    }
  }

  /**
   * Transposes 8 rows of {@code n} floats, a multiple of 8, if the lanes are 8: {@code to[toLd·p +
   * r] = x[r·ld + p]}.
   */
  public static void eight(int n, float[] x, int off, int ld, float[] to, int toOff, int toLd) {
    IntVector lower = IntVector.fromArray(I, LOWER, 0);
    IntVector upper = IntVector.fromArray(I, UPPER, 0);
    for (int p = 0; p < n; p += 8) {
      int at = off + p;
      IntVector r0 = FloatVector.fromArray(F, x, at).reinterpretAsInts();
      IntVector r1 = FloatVector.fromArray(F, x, at + ld).reinterpretAsInts();
      IntVector r2 = FloatVector.fromArray(F, x, at + 2 * ld).reinterpretAsInts();
      IntVector r3 = FloatVector.fromArray(F, x, at + 3 * ld).reinterpretAsInts();
      IntVector r4 = FloatVector.fromArray(F, x, at + 4 * ld).reinterpretAsInts();
      IntVector r5 = FloatVector.fromArray(F, x, at + 5 * ld).reinterpretAsInts();
      IntVector r6 = FloatVector.fromArray(F, x, at + 6 * ld).reinterpretAsInts();
      IntVector r7 = FloatVector.fromArray(F, x, at + 7 * ld).reinterpretAsInts();
      IntVector a0 = lower.selectFrom(r0, r4);
      IntVector a1 = upper.selectFrom(r0, r4);
      IntVector a2 = lower.selectFrom(r1, r5);
      IntVector a3 = upper.selectFrom(r1, r5);
      IntVector a4 = lower.selectFrom(r2, r6);
      IntVector a5 = upper.selectFrom(r2, r6);
      IntVector a6 = lower.selectFrom(r3, r7);
      IntVector a7 = upper.selectFrom(r3, r7);
      IntVector b0 = lower.selectFrom(a0, a4);
      IntVector b1 = upper.selectFrom(a0, a4);
      IntVector b2 = lower.selectFrom(a1, a5);
      IntVector b3 = upper.selectFrom(a1, a5);
      IntVector b4 = lower.selectFrom(a2, a6);
      IntVector b5 = upper.selectFrom(a2, a6);
      IntVector b6 = lower.selectFrom(a3, a7);
      IntVector b7 = upper.selectFrom(a3, a7);
      IntVector c0 = lower.selectFrom(b0, b4);
      IntVector c1 = upper.selectFrom(b0, b4);
      IntVector c2 = lower.selectFrom(b1, b5);
      IntVector c3 = upper.selectFrom(b1, b5);
      IntVector c4 = lower.selectFrom(b2, b6);
      IntVector c5 = upper.selectFrom(b2, b6);
      IntVector c6 = lower.selectFrom(b3, b7);
      IntVector c7 = upper.selectFrom(b3, b7);
      int out = toOff + toLd * p;
      c0.reinterpretAsFloats().intoArray(to, out);
      c1.reinterpretAsFloats().intoArray(to, out + toLd);
      c2.reinterpretAsFloats().intoArray(to, out + 2 * toLd);
      c3.reinterpretAsFloats().intoArray(to, out + 3 * toLd);
      c4.reinterpretAsFloats().intoArray(to, out + 4 * toLd);
      c5.reinterpretAsFloats().intoArray(to, out + 5 * toLd);
      c6.reinterpretAsFloats().intoArray(to, out + 6 * toLd);
      c7.reinterpretAsFloats().intoArray(to, out + 7 * toLd);
    }
  }

  /**
   * Transposes 16 rows of {@code n} floats, a multiple of 16, if the lanes are 16: {@code to[toLd·p
   * + r] = x[r·ld + p]}.
   */
  public static void sixteen(int n, float[] x, int off, int ld, float[] to, int toOff, int toLd) {
    IntVector lower = IntVector.fromArray(I, LOWER, 0);
    IntVector upper = IntVector.fromArray(I, UPPER, 0);
    for (int p = 0; p < n; p += 16) {
      int at = off + p;
      IntVector r0 = FloatVector.fromArray(F, x, at).reinterpretAsInts();
      IntVector r1 = FloatVector.fromArray(F, x, at + ld).reinterpretAsInts();
      IntVector r2 = FloatVector.fromArray(F, x, at + 2 * ld).reinterpretAsInts();
      IntVector r3 = FloatVector.fromArray(F, x, at + 3 * ld).reinterpretAsInts();
      IntVector r4 = FloatVector.fromArray(F, x, at + 4 * ld).reinterpretAsInts();
      IntVector r5 = FloatVector.fromArray(F, x, at + 5 * ld).reinterpretAsInts();
      IntVector r6 = FloatVector.fromArray(F, x, at + 6 * ld).reinterpretAsInts();
      IntVector r7 = FloatVector.fromArray(F, x, at + 7 * ld).reinterpretAsInts();
      IntVector r8 = FloatVector.fromArray(F, x, at + 8 * ld).reinterpretAsInts();
      IntVector r9 = FloatVector.fromArray(F, x, at + 9 * ld).reinterpretAsInts();
      IntVector r10 = FloatVector.fromArray(F, x, at + 10 * ld).reinterpretAsInts();
      IntVector r11 = FloatVector.fromArray(F, x, at + 11 * ld).reinterpretAsInts();
      IntVector r12 = FloatVector.fromArray(F, x, at + 12 * ld).reinterpretAsInts();
      IntVector r13 = FloatVector.fromArray(F, x, at + 13 * ld).reinterpretAsInts();
      IntVector r14 = FloatVector.fromArray(F, x, at + 14 * ld).reinterpretAsInts();
      IntVector r15 = FloatVector.fromArray(F, x, at + 15 * ld).reinterpretAsInts();
      IntVector a0 = lower.selectFrom(r0, r8);
      IntVector a1 = upper.selectFrom(r0, r8);
      IntVector a2 = lower.selectFrom(r1, r9);
      IntVector a3 = upper.selectFrom(r1, r9);
      IntVector a4 = lower.selectFrom(r2, r10);
      IntVector a5 = upper.selectFrom(r2, r10);
      IntVector a6 = lower.selectFrom(r3, r11);
      IntVector a7 = upper.selectFrom(r3, r11);
      IntVector a8 = lower.selectFrom(r4, r12);
      IntVector a9 = upper.selectFrom(r4, r12);
      IntVector a10 = lower.selectFrom(r5, r13);
      IntVector a11 = upper.selectFrom(r5, r13);
      IntVector a12 = lower.selectFrom(r6, r14);
      IntVector a13 = upper.selectFrom(r6, r14);
      IntVector a14 = lower.selectFrom(r7, r15);
      IntVector a15 = upper.selectFrom(r7, r15);
      IntVector b0 = lower.selectFrom(a0, a8);
      IntVector b1 = upper.selectFrom(a0, a8);
      IntVector b2 = lower.selectFrom(a1, a9);
      IntVector b3 = upper.selectFrom(a1, a9);
      IntVector b4 = lower.selectFrom(a2, a10);
      IntVector b5 = upper.selectFrom(a2, a10);
      IntVector b6 = lower.selectFrom(a3, a11);
      IntVector b7 = upper.selectFrom(a3, a11);
      IntVector b8 = lower.selectFrom(a4, a12);
      IntVector b9 = upper.selectFrom(a4, a12);
      IntVector b10 = lower.selectFrom(a5, a13);
      IntVector b11 = upper.selectFrom(a5, a13);
      IntVector b12 = lower.selectFrom(a6, a14);
      IntVector b13 = upper.selectFrom(a6, a14);
      IntVector b14 = lower.selectFrom(a7, a15);
      IntVector b15 = upper.selectFrom(a7, a15);
      IntVector c0 = lower.selectFrom(b0, b8);
      IntVector c1 = upper.selectFrom(b0, b8);
      IntVector c2 = lower.selectFrom(b1, b9);
      IntVector c3 = upper.selectFrom(b1, b9);
      IntVector c4 = lower.selectFrom(b2, b10);
      IntVector c5 = upper.selectFrom(b2, b10);
      IntVector c6 = lower.selectFrom(b3, b11);
      IntVector c7 = upper.selectFrom(b3, b11);
      IntVector c8 = lower.selectFrom(b4, b12);
      IntVector c9 = upper.selectFrom(b4, b12);
      IntVector c10 = lower.selectFrom(b5, b13);
      IntVector c11 = upper.selectFrom(b5, b13);
      IntVector c12 = lower.selectFrom(b6, b14);
      IntVector c13 = upper.selectFrom(b6, b14);
      IntVector c14 = lower.selectFrom(b7, b15);
      IntVector c15 = upper.selectFrom(b7, b15);
      IntVector d0 = lower.selectFrom(c0, c8);
      IntVector d1 = upper.selectFrom(c0, c8);
      IntVector d2 = lower.selectFrom(c1, c9);
      IntVector d3 = upper.selectFrom(c1, c9);
      IntVector d4 = lower.selectFrom(c2, c10);
      IntVector d5 = upper.selectFrom(c2, c10);
      IntVector d6 = lower.selectFrom(c3, c11);
      IntVector d7 = upper.selectFrom(c3, c11);
      IntVector d8 = lower.selectFrom(c4, c12);
      IntVector d9 = upper.selectFrom(c4, c12);
      IntVector d10 = lower.selectFrom(c5, c13);
      IntVector d11 = upper.selectFrom(c5, c13);
      IntVector d12 = lower.selectFrom(c6, c14);
      IntVector d13 = upper.selectFrom(c6, c14);
      IntVector d14 = lower.selectFrom(c7, c15);
      IntVector d15 = upper.selectFrom(c7, c15);
      int out = toOff + toLd * p;
      d0.reinterpretAsFloats().intoArray(to, out);
      d1.reinterpretAsFloats().intoArray(to, out + toLd);
      d2.reinterpretAsFloats().intoArray(to, out + 2 * toLd);
      d3.reinterpretAsFloats().intoArray(to, out + 3 * toLd);
      d4.reinterpretAsFloats().intoArray(to, out + 4 * toLd);
      d5.reinterpretAsFloats().intoArray(to, out + 5 * toLd);
      d6.reinterpretAsFloats().intoArray(to, out + 6 * toLd);
      d7.reinterpretAsFloats().intoArray(to, out + 7 * toLd);
      d8.reinterpretAsFloats().intoArray(to, out + 8 * toLd);
      d9.reinterpretAsFloats().intoArray(to, out + 9 * toLd);
      d10.reinterpretAsFloats().intoArray(to, out + 10 * toLd);
      d11.reinterpretAsFloats().intoArray(to, out + 11 * toLd);
      d12.reinterpretAsFloats().intoArray(to, out + 12 * toLd);
      d13.reinterpretAsFloats().intoArray(to, out + 13 * toLd);
      d14.reinterpretAsFloats().intoArray(to, out + 14 * toLd);
      d15.reinterpretAsFloats().intoArray(to, out + 15 * toLd);
    }
  }
}

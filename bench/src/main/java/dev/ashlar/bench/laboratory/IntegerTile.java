package dev.ashlar.bench.laboratory;

import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Four rows by two vectors of products of integers: a lane's int is two shorts, of two consecutive
 * columns, and eight sums of shorts stay in registers until a group ends. There the halves of each
 * come together, and step and scale come in.
 */
final class IntegerTile {
  static final int ROWS = 4;

  private static final VectorSpecies<Integer> I = IntVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Short> S = ShortVector.SPECIES_PREFERRED;
  private static final int L = F.length();

  static final int PANEL = 2 * L;

  private IntegerTile() {}

  /**
   * {@code c[4, 2·L] = Σ_g step[g, row] · scale[g, lane] · Σ a · b}.
   *
   * @param pairs of columns in a group; products of a group must sum up within a short
   * @param a codes of activations, {@code [groups · pairs, 4]}, two to an int
   * @param b codes of weights, {@code [groups · pairs, 2·L]}, the same
   * @param steps {@code [groups, 4]}
   * @param scales {@code [groups, 2·L]}
   * @param sums scratch, {@code [4, 2·L]}: the compiler keeps no more of these in registers
   */
  static void multiply(
      int groups,
      int pairs,
      int[] a,
      int[] b,
      float[] steps,
      float[] scales,
      float[] sums,
      float[] c) {
    for (int g = 0; g < groups; g++) {
      ShortVector c00 = ShortVector.zero(S);
      ShortVector c01 = ShortVector.zero(S);
      ShortVector c10 = ShortVector.zero(S);
      ShortVector c11 = ShortVector.zero(S);
      ShortVector c20 = ShortVector.zero(S);
      ShortVector c21 = ShortVector.zero(S);
      ShortVector c30 = ShortVector.zero(S);
      ShortVector c31 = ShortVector.zero(S);
      for (int p = g * pairs; p < (g + 1) * pairs; p++) {
        int at = ROWS * p;
        int bt = PANEL * p;
        ShortVector b0 = IntVector.fromArray(I, b, bt).reinterpretAsShorts();
        ShortVector b1 = IntVector.fromArray(I, b, bt + L).reinterpretAsShorts();
        ShortVector x = IntVector.broadcast(I, a[at]).reinterpretAsShorts();
        c00 = x.mul(b0).add(c00);
        c01 = x.mul(b1).add(c01);
        x = IntVector.broadcast(I, a[at + 1]).reinterpretAsShorts();
        c10 = x.mul(b0).add(c10);
        c11 = x.mul(b1).add(c11);
        x = IntVector.broadcast(I, a[at + 2]).reinterpretAsShorts();
        c20 = x.mul(b0).add(c20);
        c21 = x.mul(b1).add(c21);
        x = IntVector.broadcast(I, a[at + 3]).reinterpretAsShorts();
        c30 = x.mul(b0).add(c30);
        c31 = x.mul(b1).add(c31);
      }
      int w = g * PANEL;
      int s = g * ROWS;
      IntVector i;
      FloatVector f;
      i = c00.reinterpretAsInts();
      i = i.lanewise(LSHL, 16).add(i).lanewise(ASHR, 16);
      f = ((FloatVector) i.convert(I2F, 0)).mul(steps[s + 0]);
      f.mul(FloatVector.fromArray(F, scales, w)).intoArray(sums, 0);
      i = c01.reinterpretAsInts();
      i = i.lanewise(LSHL, 16).add(i).lanewise(ASHR, 16);
      f = ((FloatVector) i.convert(I2F, 0)).mul(steps[s + 0]);
      f.mul(FloatVector.fromArray(F, scales, w + L)).intoArray(sums, 1 * L);
      i = c10.reinterpretAsInts();
      i = i.lanewise(LSHL, 16).add(i).lanewise(ASHR, 16);
      f = ((FloatVector) i.convert(I2F, 0)).mul(steps[s + 1]);
      f.mul(FloatVector.fromArray(F, scales, w)).intoArray(sums, 2 * L);
      i = c11.reinterpretAsInts();
      i = i.lanewise(LSHL, 16).add(i).lanewise(ASHR, 16);
      f = ((FloatVector) i.convert(I2F, 0)).mul(steps[s + 1]);
      f.mul(FloatVector.fromArray(F, scales, w + L)).intoArray(sums, 3 * L);
      i = c20.reinterpretAsInts();
      i = i.lanewise(LSHL, 16).add(i).lanewise(ASHR, 16);
      f = ((FloatVector) i.convert(I2F, 0)).mul(steps[s + 2]);
      f.mul(FloatVector.fromArray(F, scales, w)).intoArray(sums, 4 * L);
      i = c21.reinterpretAsInts();
      i = i.lanewise(LSHL, 16).add(i).lanewise(ASHR, 16);
      f = ((FloatVector) i.convert(I2F, 0)).mul(steps[s + 2]);
      f.mul(FloatVector.fromArray(F, scales, w + L)).intoArray(sums, 5 * L);
      i = c30.reinterpretAsInts();
      i = i.lanewise(LSHL, 16).add(i).lanewise(ASHR, 16);
      f = ((FloatVector) i.convert(I2F, 0)).mul(steps[s + 3]);
      f.mul(FloatVector.fromArray(F, scales, w)).intoArray(sums, 6 * L);
      i = c31.reinterpretAsInts();
      i = i.lanewise(LSHL, 16).add(i).lanewise(ASHR, 16);
      f = ((FloatVector) i.convert(I2F, 0)).mul(steps[s + 3]);
      f.mul(FloatVector.fromArray(F, scales, w + L)).intoArray(sums, 7 * L);
      add(g > 0, sums, c);
    }
  }

  private static void add(boolean accumulate, float[] sums, float[] c) {
    for (int i = 0; i < ROWS * PANEL; i += L) {
      FloatVector sum = FloatVector.fromArray(F, sums, i);
      if (accumulate) {
        sum = FloatVector.fromArray(F, c, i).add(sum);
      }
      sum.intoArray(c, i);
    }
  }
}

package dev.ashlar.tensor.kernel.vector.pointwise;

import static dev.ashlar.tensor.kernel.vector.lanes.Lanes.F;
import static dev.ashlar.tensor.kernel.vector.lanes.Lanes.L;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LT;

import dev.ashlar.tensor.kernel.GridErrorKernel.Group;
import dev.ashlar.tensor.kernel.GridSumsKernel;
import jdk.incubator.vector.FloatVector;

/**
 * Sums of grids with a candidate in each lane, so that nothing is folded: groups are as short as a
 * vector or two. Adding 1.5·2^23 rounds half to even; what lies so far out that this is coarse is
 * clamped anyway. Clamping by comparison takes half the instructions of {@code min} and {@code
 * max}, and the two halves of a table are searched beside each other ({@code EncodersBench} of
 * {@code bench}). Each kind of code has a loop of its own: one that chooses inside boxes every
 * vector.
 */
public final class VectorGridSums implements GridSumsKernel {
  private static final float ROUND = 12582912f;

  @Override
  public void integers(Group group, float low, float high, int count, Candidates candidates) {
    float[] x = group.weights();
    float[] w = group.importance();
    int n = group.n();
    int from = group.at();
    int at = group.importanceAt();
    for (int c = 0; c < count; c += L) {
      FloatVector inverse = FloatVector.fromArray(F, candidates.inverses(), c);
      FloatVector shift = FloatVector.fromArray(F, candidates.shifts(), c);
      FloatVector codes = FloatVector.zero(F);
      FloatVector squares = FloatVector.zero(F);
      FloatVector products = FloatVector.zero(F);
      for (int i = 0; i < n; i++) {
        FloatVector value = FloatVector.broadcast(F, x[from + i]);
        FloatVector scaled = value.sub(shift).mul(inverse);
        FloatVector whole = scaled.add(ROUND).sub(ROUND);
        FloatVector raised = whole.blend(low, whole.compare(LT, low));
        FloatVector q = raised.blend(high, raised.compare(GT, high));
        FloatVector wq = q.mul(w[at + i]);
        codes = codes.add(wq);
        squares = squares.add(wq.mul(q));
        products = products.add(wq.mul(value));
      }
      codes.intoArray(candidates.codes(), c);
      squares.intoArray(candidates.squares(), c);
      products.intoArray(candidates.products(), c);
    }
  }

  @Override
  public void table(Group group, float[] table, int count, Candidates candidates) {
    float[] x = group.weights();
    float[] w = group.importance();
    int n = group.n();
    int from = group.at();
    int at = group.importanceAt();
    int half = table.length / 2;
    float[] above = new float[table.length];
    for (int j = 1; j < table.length; j++) {
      above[j] = (table[j - 1] + table[j]) / 2;
    }
    for (int c = 0; c < count; c += L) {
      FloatVector inverse = FloatVector.fromArray(F, candidates.inverses(), c);
      FloatVector shift = FloatVector.fromArray(F, candidates.shifts(), c);
      FloatVector codes = FloatVector.zero(F);
      FloatVector squares = FloatVector.zero(F);
      FloatVector products = FloatVector.zero(F);
      for (int i = 0; i < n; i++) {
        FloatVector value = FloatVector.broadcast(F, x[from + i]);
        FloatVector scaled = value.sub(shift).mul(inverse);
        FloatVector lower = FloatVector.broadcast(F, table[0]);
        FloatVector upper = FloatVector.broadcast(F, table[half]);
        for (int j = 1; j < half; j++) {
          lower = lower.blend(table[j], scaled.compare(GT, above[j]));
          upper = upper.blend(table[half + j], scaled.compare(GT, above[half + j]));
        }
        FloatVector q = lower.blend(upper, scaled.compare(GT, above[half]));
        FloatVector wq = q.mul(w[at + i]);
        codes = codes.add(wq);
        squares = squares.add(wq.mul(q));
        products = products.add(wq.mul(value));
      }
      codes.intoArray(candidates.codes(), c);
      squares.intoArray(candidates.squares(), c);
      products.intoArray(candidates.products(), c);
    }
  }
}

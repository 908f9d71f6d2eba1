package dev.ashlar.tensor.kernel.vector.packed;

import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHR;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/** 8-bit codes: four to an int, the first lowest. */
final class VectorPacked8 extends VectorPackedCodes {
  private static final VarHandle WORDS =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

  VectorPacked8() {
    super(8, 4, 1, 4);
  }

  /** Loading packs every weight of a model: here four codes at a time. */
  @Override
  boolean pack(byte[] codes, int from, int units, int[] target, int at) {
    for (int u = 0; u < units; u++) {
      target[at + u * ROWS] = (int) WORDS.get(codes, from + 4 * u);
    }
    return true;
  }

  @Override
  void sum(int[] w, int at, int groups, int units, float[] x, int xAt, float[] sums, int sumsAt) {
    sum(w, at, groups, units, x, xAt, sums, sumsAt, mask());
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
      int mask) {
    IntVector m0 = IntVector.broadcast(INTS, mask);
    IntVector m1 = IntVector.broadcast(INTS, mask << 8);
    IntVector m2 = IntVector.broadcast(INTS, mask << 16);
    for (int g = 0; g < groups; g++) {
      int w0 = at + g * units * ROWS;
      int x0 = xAt + g * units * 4;
      FloatVector a0 = FloatVector.zero(FLOATS);
      FloatVector a1 = FloatVector.zero(FLOATS);
      FloatVector b0 = FloatVector.zero(FLOATS);
      FloatVector b1 = FloatVector.zero(FLOATS);
      FloatVector e;
      for (int u = 0; u < units; u++) {
        IntVector p = IntVector.fromArray(INTS, w, w0 + u * ROWS);
        IntVector q = IntVector.fromArray(INTS, w, w0 + u * ROWS + LANES);
        int k = x0 + u * 4;
        e = FloatVector.broadcast(FLOATS, x[k]);
        a0 = ((FloatVector) p.and(m0).convert(I2F, 0)).fma(e, a0);
        a1 = ((FloatVector) q.and(m0).convert(I2F, 0)).fma(e, a1);
        e = FloatVector.broadcast(FLOATS, x[k + 1]);
        b0 = ((FloatVector) p.and(m1).convert(I2F, 0)).fma(e, b0);
        b1 = ((FloatVector) q.and(m1).convert(I2F, 0)).fma(e, b1);
        e = FloatVector.broadcast(FLOATS, x[k + 2]);
        a0 = ((FloatVector) p.and(m2).convert(I2F, 0)).fma(e, a0);
        a1 = ((FloatVector) q.and(m2).convert(I2F, 0)).fma(e, a1);
        e = FloatVector.broadcast(FLOATS, x[k + 3]);
        b0 = ((FloatVector) p.lanewise(LSHR, 24).convert(I2F, 0)).fma(e, b0);
        b1 = ((FloatVector) q.lanewise(LSHR, 24).convert(I2F, 0)).fma(e, b1);
      }
      a0.add(b0).intoArray(sums, sumsAt + g * ROWS);
      a1.add(b1).intoArray(sums, sumsAt + g * ROWS + LANES);
    }
  }
}

package dev.ashlar.tensor.kernel.vector.pointwise;

import static dev.ashlar.tensor.kernel.vector.lanes.Lanes.L;

import dev.ashlar.tensor.kernel.ConversionKernel;
import dev.ashlar.tensor.kernel.vector.lanes.Lanes;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.Vector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * bfloat16 by shifts of int lanes, which the compiler does not find by itself. Half precision is
 * left to plain loops: those it turns into the conversion instructions, which the Vector API lacks.
 */
public final class VectorConversion implements ConversionKernel {
  private static final VectorSpecies<Integer> I =
      VectorSpecies.of(int.class, Lanes.F.vectorShape());
  private static final VectorSpecies<Short> S =
      VectorSpecies.of(short.class, VectorShape.forBitSize(Lanes.F.vectorBitSize() / 2));

  private static final int INFINITY = 0x7F800000;
  private static final int MAGNITUDE = 0x7FFFFFFF;

  @Override
  public void widenBf16(int n, short[] x, int xOff, float[] y, int yOff) {
    int i = 0;
    for (; i <= n - L; i += L) {
      ShortVector.fromArray(S, x, xOff + i)
          .convertShape(VectorOperators.ZERO_EXTEND_S2I, I, 0)
          .reinterpretAsInts()
          .lanewise(VectorOperators.LSHL, 16)
          .reinterpretAsFloats()
          .intoArray(y, yOff + i);
    }
    for (; i < n; i++) {
      y[yOff + i] = Float.intBitsToFloat(x[xOff + i] << 16);
    }
  }

  @Override
  public void narrowBf16(int n, float[] x, int xOff, short[] y, int yOff) {
    int whole = n - n % L;
    for (int i = 0; i < whole; i += L) {
      narrow(x, xOff + i, y, yOff + i);
    }
    if (whole < n) {
      float[] from = Arrays.copyOfRange(x, xOff + whole, xOff + whole + L);
      Arrays.fill(from, n - whole, L, 0f);
      short[] to = new short[L];
      narrow(from, 0, to, 0);
      System.arraycopy(to, 0, y, yOff + whole, n - whole);
    }
  }

  /** One vector: half of the last place added, and one less unless the last kept bit is odd. */
  private static void narrow(float[] x, int xOff, short[] y, int yOff) {
    IntVector bits = FloatVector.fromArray(Lanes.F, x, xOff).reinterpretAsInts();
    IntVector high = bits.lanewise(VectorOperators.LSHR, 16);
    IntVector rounded = bits.add(high.and(1)).add(0x7FFF).lanewise(VectorOperators.LSHR, 16);
    VectorMask<Integer> nan = bits.and(MAGNITUDE).compare(VectorOperators.GT, INFINITY);
    Vector<Short> result =
        rounded.blend(high.or(0x40), nan).convertShape(VectorOperators.I2S, S, 0);
    result.reinterpretAsShorts().intoArray(y, yOff);
  }

  @Override
  public void widenF16(int n, short[] x, int xOff, float[] y, int yOff) {
    for (int i = 0; i < n; i++) {
      y[yOff + i] = Float.float16ToFloat(x[xOff + i]);
    }
  }

  @Override
  public void narrowF16(int n, float[] x, int xOff, short[] y, int yOff) {
    for (int i = 0; i < n; i++) {
      y[yOff + i] = Float.floatToFloat16(x[xOff + i]);
    }
  }
}

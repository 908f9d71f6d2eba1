package dev.ashlar.tensor.kernel.reference;

import dev.ashlar.tensor.kernel.ConversionKernel;

/** One element at a time, by the JDK's conversions where it has them. */
final class ReferenceConversion implements ConversionKernel {
  @Override
  public void widenBf16(int n, short[] x, int xOff, float[] y, int yOff) {
    for (int i = 0; i < n; i++) {
      y[yOff + i] = Float.intBitsToFloat(x[xOff + i] << 16);
    }
  }

  @Override
  public void narrowBf16(int n, float[] x, int xOff, short[] y, int yOff) {
    for (int i = 0; i < n; i++) {
      y[yOff + i] = bf16(x[xOff + i]);
    }
  }

  private static short bf16(float v) {
    int bits = Float.floatToRawIntBits(v);
    if (Float.isNaN(v)) {
      // Rounding could carry a NaN into infinity or zero; the quiet bit keeps it one.
      return (short) (bits >>> 16 | 0x40);
    }
    return (short) (bits + 0x7FFF + (bits >>> 16 & 1) >>> 16);
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

package dev.ashlar.tensor.quant;

import dev.ashlar.tensor.DType;
import java.util.Arrays;
import java.util.Optional;

/**
 * Codes of a table as integers: where every value of the table is a whole multiple of one power of
 * two, a weight is {@code scale·step · (code − zero)}, and kernels for integers multiply it. E2M1
 * (MXFP4, NVFP4) is 25 such multiples of a half, in 5 bits.
 */
final class WholeCodes {
  private static final int MANTISSA = 23;
  private static final int MOST = 255;

  private WholeCodes() {}

  /** The same weights, or empty if they are not of this kind; {@code -0} becomes 0. */
  static Optional<QuantizedMatrix> of(QuantizedMatrix w) {
    if (!(w.codes() instanceof Codes.Table codes) || !(w.groups() instanceof Groups.Scales s)) {
      return Optional.empty();
    }
    float step = step(codes.table());
    float low = 0;
    float high = 0;
    for (float value : codes.table()) {
      low = Math.min(low, value / step);
      high = Math.max(high, value / step);
    }
    if (!(high - low <= MOST)) {
      return Optional.empty();
    }
    int zero = (int) -low;
    int bits = Math.max(2, Integer.SIZE - Integer.numberOfLeadingZeros((int) (high - low)));
    byte[] values = codes.values().clone();
    byte[] whole = new byte[codes.table().length];
    for (int i = 0; i < whole.length; i++) {
      whole[i] = (byte) (codes.table()[i] / step + zero);
    }
    for (int i = 0; i < values.length; i++) {
      values[i] = whole[values[i] & 0xFF];
    }
    float[] scales = s.scales().clone();
    for (int i = 0; i < scales.length; i++) {
      scales[i] *= step;
    }
    byte[] zeros = new byte[scales.length];
    Arrays.fill(zeros, (byte) zero);
    IntegerGrid grid =
        new IntegerGrid(
            bits,
            s.grid().effectiveBlock(w.in()),
            zero == 1 << (bits - 1),
            DType.F32,
            s.grid().activations());
    QuantizedMatrix integers =
        new QuantizedMatrix(
            w.out(),
            w.in(),
            new Codes.Integers(bits, values),
            new Groups.ZeroPoints(grid, scales, zeros));
    return Optional.of(
        integers.withGroupOfColumn(w.groupOfColumn()).withOutliers(w.outliers().orElse(null)));
  }

  /** The largest power of two that divides all values. */
  private static float step(float[] table) {
    int least = Integer.MAX_VALUE;
    for (float value : table) {
      if (value != 0) {
        int mantissa = Float.floatToRawIntBits(value) & (1 << MANTISSA) - 1 | 1 << MANTISSA;
        int last = Math.getExponent(value) - MANTISSA + Integer.numberOfTrailingZeros(mantissa);
        least = Math.min(least, last);
      }
    }
    return least == Integer.MAX_VALUE ? 1 : Math.scalb(1f, least);
  }
}

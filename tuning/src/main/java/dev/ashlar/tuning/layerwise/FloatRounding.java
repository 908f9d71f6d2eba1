package dev.ashlar.tuning.layerwise;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.quant.Codes;
import dev.ashlar.tensor.quant.FloatFormat;
import dev.ashlar.tensor.quant.FloatGrid;
import dev.ashlar.tensor.quant.Groups;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import java.util.Optional;

/**
 * Rounding to small floats: the largest magnitude of a block decides its scale, a power of two (OCP
 * Microscaling Formats 1.0, section 6.3) or a float that puts it on the largest value.
 */
public final class FloatRounding {
  private static final int GRAIN = 1 << 12;

  /** vLLM's floor of a scale of FP8. */
  private static final float SMALLEST = 1f / 512;

  private FloatRounding() {}

  /** Why weights cannot be rounded so, as the rest of a sentence, or empty if they can. */
  public static Optional<String> refusal(FloatGrid grid) {
    return grid.scale() == FloatGrid.Scale.E8M0 || grid.scale() == FloatGrid.Scale.F32
        ? Optional.empty()
        : Optional.of("knows small floats with scales in float32 or powers of two only");
  }

  /**
   * The nearest codes.
   *
   * @param w {@code [out, in]}, finite
   */
  public static QuantizedMatrix quantize(Tensor w, FloatGrid grid) {
    int out = w.dim(0);
    int in = w.dim(1);
    Groups.Scales groups =
        new Groups.Scales(grid, new float[Math.multiplyExact(out, groups(grid, in))]);
    byte[] codes = new byte[w.size()];
    float whole = grid.blockSize() == 0 ? scale(grid, largest(w.data(), 0, w.size())) : 0;
    int size = groups.size(in);
    int perRow = groups.perRow(in);
    FloatFormat format = grid.element();
    Parallel.rows(
        out,
        Math.max(1, GRAIN / in),
        (from, to) -> {
          for (int at = from * perRow; at < to * perRow; at++) {
            int first = at / perRow * in + at % perRow * size;
            int n = Math.min(size, in - at % perRow * size);
            float s = grid.blockSize() == 0 ? whole : scale(grid, largest(w.data(), first, n));
            groups.scales()[at] = s;
            for (int i = first; i < first + n; i++) {
              codes[i] = (byte) format.code(format.round(w.data()[i] / s));
            }
          }
        });
    return new QuantizedMatrix(out, in, Codes.Table.of(format, codes), groups);
  }

  private static int groups(FloatGrid grid, int in) {
    return grid.blockSize() <= 0 ? 1 : Math.ceilDiv(in, Math.min(grid.blockSize(), in));
  }

  private static float largest(float[] w, int from, int n) {
    float largest = 0;
    for (int i = from; i < from + n; i++) {
      largest = Math.max(largest, Math.abs(w[i]));
    }
    return largest;
  }

  /** The scale of a block whose largest magnitude is given. */
  static float scale(FloatGrid grid, float largest) {
    FloatFormat format = grid.element();
    if (grid.scale() == FloatGrid.Scale.E8M0) {
      return format.powerOfTwo(largest == 0 ? 1 : exponent(largest));
    }
    return Math.max(largest / format.largest(), SMALLEST / format.largest());
  }

  /** The exponent of a positive float, subnormal ones among them. */
  private static int exponent(float x) {
    return x < Float.MIN_NORMAL ? Math.getExponent(x * 0x1p64f) - 64 : Math.getExponent(x);
  }
}

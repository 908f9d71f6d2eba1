package dev.ashlar.nn.op;

import dev.ashlar.tensor.Magnitude;
import dev.ashlar.tensor.kernel.BlockScales;
import dev.ashlar.tensor.kernel.FloatFakeQuantKernel;
import dev.ashlar.tensor.kernel.InputScale;
import dev.ashlar.tensor.quant.ActivationScheme;
import dev.ashlar.tensor.quant.FloatFormat;
import dev.ashlar.tensor.quant.FloatGrid;
import java.util.Arrays;

/** A group of inputs rounded to small floats, and the gradients through it. */
final class FloatInputs {
  private final FloatGrid grid;
  private final FloatFormat format;
  private final boolean dynamic;

  /** What FP8 scales of groups are divided by. */
  private final float global;

  /** The scale of all inputs where it is fixed. */
  private final float fixed;

  FloatInputs(ActivationScheme.Element.Floats element, ActivationScheme scheme) {
    this.format = element.format();
    this.grid = new FloatGrid(format, -1, element.scale());
    this.dynamic = scheme.dynamic();
    this.global = scheme.hasGlobal() ? InputScale.of(scheme) : 1;
    this.fixed = dynamic ? 0 : InputScale.of(scheme);
  }

  void round(float[] x, int from, int to, float[] y) {
    float s = fixed;
    if (dynamic) {
      float largest = Magnitude.largest(x, from, to);
      if (!(largest >= Float.MIN_NORMAL)) {
        // Zeros, and NaN, which stays.
        Arrays.fill(y, from, to, largest >= 0 ? 0 : largest);
        return;
      }
      s = BlockScales.scale(grid, largest, global);
    }
    for (int i = from; i < to; i++) {
      y[i] = s == 0 ? 0 : s * format.round(x[i] / s);
    }
  }

  /**
   * The gradient with respect to {@code x}: that of each rounded input, and where the scale is the
   * group's own, that of the scale, which goes to the largest input.
   */
  void backward(float[] x, int from, int to, float[] dy, float[] dx, boolean add) {
    float largest = dynamic ? Magnitude.largest(x, from, to) : 0;
    boolean none = dynamic && !(largest >= Float.MIN_NORMAL);
    float s = dynamic ? none ? 0 : BlockScales.scale(grid, largest, global) : fixed;
    double sum = 0;
    int at = from;
    for (int i = from; i < to; i++) {
      float d = 0;
      if (s != 0) {
        float u = x[i] / s;
        float q = format.round(u);
        float slope = FloatFakeQuantKernel.slope(grid, false, u, q);
        sum += dy[i] * (q - (double) slope * u);
        d = slope * dy[i];
      }
      dx[i] = add ? dx[i] + d : d;
      at = Math.abs(x[i]) == largest && Math.abs(x[at]) != largest ? i : at;
    }
    if (dynamic && s != 0) {
      double slope = BlockScales.slope(grid, largest, global);
      dx[at] += (float) (sum * slope * Math.signum(x[at]));
    }
  }
}

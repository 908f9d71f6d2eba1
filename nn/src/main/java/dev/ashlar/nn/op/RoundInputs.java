package dev.ashlar.nn.op;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Gradients;
import dev.ashlar.tensor.autograd.Op;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.kernel.ActivationPrecision;
import dev.ashlar.tensor.quant.ActivationScheme;
import dev.ashlar.tensor.quant.ActivationScheme.Element;
import dev.ashlar.tensor.quant.FloatFormat;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * The inputs of a linear map rounded to what an {@link ActivationScheme} says, with scales taken
 * from the inputs themselves. Gradients pass as if nothing was rounded (straight-through, Bengio et
 * al., arXiv 1308.3432).
 *
 * <p>Symmetric bytes are those of {@link ActivationPrecision#INT8_TOKEN}: {@code s = max |x| /
 * 127}. Symmetric integers of fewer bits have the full range and a signed scale, as weights have
 * it; asymmetric ones span minimum and maximum, both taken to include zero. Small floats in groups
 * of {@value #MX_GROUP} have a power of two as their scale (OCP Microscaling Formats 1.0, section
 * 6.3), others one that puts the largest magnitude on the largest value. All ties go to even.
 */
public final class RoundInputs implements Op {
  private static final int GRAIN = 1 << 12;
  private static final int BYTE = 8;

  /** Inputs of a group of the Microscaling formats. */
  private static final int MX_GROUP = 32;

  private final Tensor x;
  private final Element element;
  private final int groupSize;

  /**
   * @param x {@code [.., in]}
   * @throws IllegalArgumentException if {@link #refusal} has a reason against the scheme
   */
  public RoundInputs(Tensor x, ActivationScheme scheme) {
    refusal(scheme)
        .ifPresent(
            reason -> {
              throw new IllegalArgumentException("inputs " + scheme + ": " + reason);
            });
    this.x = x;
    this.element = scheme.element();
    this.groupSize = scheme.groupSize();
  }

  /** Why inputs cannot be rounded so, or empty if they can. */
  public static Optional<String> refusal(ActivationScheme scheme) {
    if (!scheme.dynamic()) {
      return Optional.of("scales of inputs are not taken from calibration data");
    }
    return scheme.groupSize() == 0
        ? Optional.of("inputs have a scale for each token or less, not one for all")
        : Optional.empty();
  }

  @Override
  public List<Tensor> inputs() {
    return List.of(x);
  }

  @Override
  public Tensor forward(Tape tape) {
    Tensor y = tape.workspace().take(x.shape());
    int in = x.dim(-1);
    int size = groupSize < 0 ? in : Math.min(groupSize, in);
    Parallel.rows(
        x.rows(),
        Math.max(1, GRAIN / in),
        (from, to) -> {
          for (int r = from; r < to; r++) {
            for (int at = r * in; at < (r + 1) * in; at += size) {
              round(at, Math.min(at + size, (r + 1) * in), y.data());
            }
          }
        });
    return y;
  }

  private void round(int from, int to, float[] y) {
    float low = 0;
    float high = 0;
    for (int i = from; i < to; i++) {
      // Math.min and Math.max pass NaN on.
      low = Math.min(low, x.data()[i]);
      high = Math.max(high, x.data()[i]);
    }
    switch (element) {
      case Element.Floats f -> floats(from, to, Math.max(-low, high), f.format(), y);
      case Element.Integers n -> integers(from, to, low, high, n, y);
    }
  }

  private void integers(int from, int to, float low, float high, Element.Integers n, float[] y) {
    if (!n.symmetric()) {
      asymmetric(from, to, low, high, n.bits(), y);
    } else if (n.bits() == BYTE) {
      float step = Math.max(-low, high) / ActivationPrecision.MAX_CODE;
      symmetric(from, to, step, -ActivationPrecision.MAX_CODE, ActivationPrecision.MAX_CODE, y);
    } else {
      int middle = 1 << (n.bits() - 1);
      float step = (high < -low ? -low : -high) / middle;
      symmetric(from, to, step, -middle, middle - 1, y);
    }
  }

  private void floats(int from, int to, float largest, FloatFormat format, float[] y) {
    if (!(largest >= Float.MIN_NORMAL)) {
      // Zeros, and NaN, which stays.
      Arrays.fill(y, from, to, largest >= 0 ? 0 : largest);
      return;
    }
    float scale =
        groupSize == MX_GROUP
            ? format.powerOfTwo(Math.getExponent(largest))
            : largest / format.largest();
    for (int i = from; i < to; i++) {
      y[i] = scale * format.round(x.data()[i] / scale);
    }
  }

  private void symmetric(int from, int to, float step, int low, int high, float[] y) {
    boolean none = Math.abs(step) < ActivationPrecision.MIN_STEP;
    float inverse = none ? 0 : 1 / step;
    for (int i = from; i < to; i++) {
      float code = Math.clamp((float) Math.rint(x.data()[i] * inverse), low, high);
      y[i] = none ? 0 : step * code;
    }
  }

  private void asymmetric(int from, int to, float low, float high, int bits, float[] y) {
    int most = (1 << bits) - 1;
    float step = (high - low) / most;
    boolean none = step < ActivationPrecision.MIN_STEP;
    float zero = none ? 0 : (float) Math.rint(-low / step);
    for (int i = from; i < to; i++) {
      float code = Math.clamp((float) Math.rint(x.data()[i] / step) + zero, 0f, most);
      y[i] = none ? 0 : step * (code - zero);
    }
  }

  @Override
  public void backward(Tensor out, Tensor dOut, Gradients gradients) {
    gradients.add(
        x,
        (dx, add) ->
            gradients
                .backend()
                .elementwise()
                .scale(x.size(), 1f, dOut.data(), 0, dx.data(), 0, add));
  }
}

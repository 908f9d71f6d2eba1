package dev.ashlar.nn.op;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Gradients;
import dev.ashlar.tensor.autograd.Op;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.kernel.ActivationPrecision;
import dev.ashlar.tensor.kernel.InputScale;
import dev.ashlar.tensor.quant.ActivationScheme;
import dev.ashlar.tensor.quant.ActivationScheme.Element;
import java.util.List;
import java.util.Optional;

/**
 * The inputs of a linear map rounded to what an {@link ActivationScheme} says, with scales taken
 * from the inputs themselves or from what they reach in calibration data. All ties go to even.
 *
 * <p>Symmetric bytes are those of {@link ActivationPrecision#INT8_TOKEN}: {@code s = max |x| /
 * 127}. Symmetric integers of fewer bits have the full range and a signed scale, as weights have
 * it; asymmetric ones span minimum and maximum, both taken to include zero; of fixed scales there
 * is no sign, so that {@code s = max |x| / (2^(b−1) − 1)} for all widths. Small floats have the
 * scales that weights have ({@link dev.ashlar.tensor.kernel.BlockScales}).
 *
 * <p>Gradients pass straight through the rounding (Bengio et al., arXiv 1308.3432); where a scale
 * is fixed, none passes beyond its range; those of small floats are AutoRound's, with the part that
 * goes through the scale.
 */
public final class RoundInputs implements Op {
  private static final int GRAIN = 1 << 12;
  private static final int BYTE = 8;

  private final Tensor x;
  private final ActivationScheme scheme;

  /** What rounds small floats, or null for integers. */
  private final FloatInputs floats;

  /**
   * @param x {@code [.., in]}
   * @throws IllegalArgumentException if {@link #refusal} has a reason against the scheme, or what
   *     it asks of calibration data is not known
   */
  public RoundInputs(Tensor x, ActivationScheme scheme) {
    refusal(scheme)
        .or(
            () ->
                scheme.needsLargest() && Float.isNaN(scheme.largest())
                    ? Optional.of("what they reach in calibration data is not known")
                    : Optional.empty())
        .ifPresent(
            reason -> {
              throw new IllegalArgumentException("inputs " + scheme + ": " + reason);
            });
    this.x = x;
    this.scheme = scheme;
    this.floats = scheme.element() instanceof Element.Floats f ? new FloatInputs(f, scheme) : null;
  }

  /** Why inputs cannot be rounded so, or empty if they can. */
  public static Optional<String> refusal(ActivationScheme scheme) {
    boolean whole = scheme.groupSize() == 0;
    if (scheme.dynamic()) {
      return whole
          ? Optional.of("inputs have a scale for each token or less, not one for all")
          : Optional.empty();
    }
    if (!whole) {
      return Optional.of(
          "scales from calibration data are for all inputs, not for tokens or groups");
    }
    return scheme.element() instanceof Element.Integers n && !n.symmetric()
        ? Optional.of("scales from calibration data have no zero points")
        : Optional.empty();
  }

  @Override
  public List<Tensor> inputs() {
    return List.of(x);
  }

  private int in() {
    return x.dim(-1);
  }

  /** Inputs that are rounded together. */
  private int size() {
    return scheme.groupSize() <= 0 ? in() : Math.min(scheme.groupSize(), in());
  }

  /** Works on a group of inputs. */
  private interface GroupWork {
    void run(int from, int to);
  }

  private void forGroups(GroupWork work) {
    int in = in();
    int size = size();
    Parallel.rows(
        x.rows(),
        Math.max(1, GRAIN / in),
        (from, to) -> {
          for (int r = from; r < to; r++) {
            for (int at = r * in; at < (r + 1) * in; at += size) {
              work.run(at, Math.min(at + size, (r + 1) * in));
            }
          }
        });
  }

  @Override
  public Tensor forward(Tape tape) {
    Tensor y = tape.workspace().take(x.shape());
    float[] data = x.data();
    switch (scheme.element()) {
      case Element.Floats f -> forGroups((from, to) -> floats.round(data, from, to, y.data()));
      case Element.Integers n -> forGroups((from, to) -> integers(from, to, n, y.data()));
    }
    return y;
  }

  private void integers(int from, int to, Element.Integers n, float[] y) {
    if (!scheme.dynamic()) {
      int most = InputScale.most(n);
      symmetric(from, to, InputScale.of(scheme), -most, most, y);
      return;
    }
    float low = 0;
    float high = 0;
    for (int i = from; i < to; i++) {
      // Math.min and Math.max pass NaN on.
      low = Math.min(low, x.data()[i]);
      high = Math.max(high, x.data()[i]);
    }
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
    gradients.add(x, (dx, add) -> backward(gradients, dOut.data(), dx.data(), add));
  }

  private void backward(Gradients gradients, float[] dy, float[] dx, boolean add) {
    switch (scheme.element()) {
      case Element.Floats f ->
          forGroups((from, to) -> floats.backward(x.data(), from, to, dy, dx, add));
      case Element.Integers n -> {
        if (scheme.dynamic()) {
          gradients.backend().elementwise().scale(x.size(), 1f, dy, 0, dx, 0, add);
        } else {
          fixedBackward(n, dy, dx, add);
        }
      }
    }
  }

  /** Gradients pass up to where the last code is no longer the nearest. */
  private void fixedBackward(Element.Integers n, float[] dy, float[] dx, boolean add) {
    float reach = InputScale.of(scheme) * (InputScale.most(n) + 0.5f);
    forGroups(
        (from, to) -> {
          for (int i = from; i < to; i++) {
            float d = Math.abs(x.data()[i]) <= reach ? dy[i] : 0;
            dx[i] = add ? dx[i] + d : d;
          }
        });
  }
}

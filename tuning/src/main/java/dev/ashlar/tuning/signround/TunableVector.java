package dev.ashlar.tuning.signround;

import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Gradients;
import dev.ashlar.tensor.autograd.Tape;
import java.util.Arrays;

/**
 * A norm's weights, or a bias, under tuning: {@code p = clamp(w + s·v, min, max)}, AutoRound's
 * {@code asym_wo_round}, an affine grid of 4 bits over the vector without its rounding. The
 * extremes include zero, {@code s} is the grid's step, and {@code v} steps as rounding offsets do.
 */
final class TunableVector {
  private static final int STEPS = 15;
  private static final float SMALLEST_STEP = 1e-5f;

  private final String name;
  private final float[] original;
  private final Tensor built;
  private final Tensor gradient;
  private final float[] value;
  private final float[] valueGradient;
  private final float[] best;
  private final float[] rates;
  private final ParameterSteps steps;
  private final float low;
  private final float high;
  private final float step;

  /**
   * @param name complete checkpoint name
   * @param original not changed
   * @param rates step of each iteration
   */
  TunableVector(String name, Tensor original, float[] rates, SignRoundVariant variant) {
    this.name = name;
    this.original = original.data();
    int n = original.size();
    this.built = original.copy();
    this.gradient = Tensor.of(new float[n], original.shape());
    this.value = new float[n];
    this.valueGradient = new float[n];
    this.best = original.copy().data();
    this.rates = rates;
    this.steps = variant.hasMemory() ? new ParameterSteps(variant, value) : null;
    float min = 0;
    float max = 0;
    for (int i = 0; i < n; i++) {
      min = Math.min(min, this.original[i]);
      max = Math.max(max, this.original[i]);
    }
    this.low = min;
    this.high = max;
    float half = Float.float16ToFloat(Float.floatToFloat16((max - min) / STEPS));
    this.step = Math.max(half, SMALLEST_STEP);
  }

  String name() {
    return name;
  }

  /** What takes the vector's place in the unit; filled by {@link #build}. */
  Tensor tensor() {
    return built;
  }

  void build() {
    for (int i = 0; i < value.length; i++) {
      built.data()[i] = Math.clamp(original[i] + step * value[i], low, high);
    }
  }

  void watch(Tape tape, boolean accumulate) {
    tape.watch(built, gradient, accumulate);
  }

  void settle(Gradients gradients, boolean accumulate) {
    if (!accumulate && gradients.of(built) == null) {
      Arrays.fill(gradient.data(), 0f);
    }
  }

  /** The step of iteration {@code i}; gradients pass up to the bounds. */
  void step(int i) {
    for (int k = 0; k < value.length; k++) {
      float p = original[k] + step * value[k];
      valueGradient[k] = p >= low && p <= high ? step * gradient.data()[k] : 0;
    }
    if (steps != null) {
      steps.step(i, valueGradient, 0, value.length, rates[i]);
      return;
    }
    for (int k = 0; k < value.length; k++) {
      value[k] -= rates[i] * Math.signum(valueGradient[k]);
    }
  }

  /** Keeps what the present parameters produce. */
  void keep() {
    System.arraycopy(built.data(), 0, best, 0, best.length);
  }

  /** What was kept. */
  Tensor result() {
    return Tensor.of(best.clone(), built.shape());
  }
}

package dev.ashlar.tuning.signround;

import dev.ashlar.nn.layer.Weight;
import dev.ashlar.nn.op.RoundInputs;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Gradients;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.autograd.Workspace;
import dev.ashlar.tensor.autograd.op.MatMul;
import dev.ashlar.tensor.quant.ActivationScheme;
import dev.ashlar.tensor.quant.FloatGrid;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tensor.quant.SuperGrid;
import dev.ashlar.tuning.method.LinearLayer;
import java.util.Arrays;
import java.util.Optional;

/**
 * A weight under tuning: multiplies with ŵ, which {@link #build} makes from the float weight and
 * its parameters, and moves these by the sign of their gradients.
 *
 * <p>What is kept of the best iteration is what its parameters produce, codes and scales, a quarter
 * of the size of the parameters themselves.
 */
abstract class TunableWeight implements Weight {
  /** Weights below which another thread does not pay. */
  private static final int GRAIN = 1 << 14;

  private final LinearLayer layer;
  private final Tensor quantized;
  private final Tensor gradient;
  private boolean reached;

  /**
   * @param buffers owns ŵ and its gradient, which are valid until it takes them back
   */
  TunableWeight(LinearLayer layer, Workspace buffers) {
    this.layer = layer;
    this.quantized = buffers.take(layer.out(), layer.in());
    this.gradient = buffers.take(layer.out(), layer.in());
  }

  /**
   * A layer under tuning, at the parameters that round to nearest.
   *
   * @param buffers owns V, ŵ and the gradient, which are valid until it takes them back
   * @param importance of the inputs, from which scales are searched; null to span the extremes
   */
  static TunableWeight of(
      LinearLayer layer, Workspace buffers, SignRoundOptions options, float[] importance) {
    return switch (layer.scheme()) {
      case FloatGrid floats -> new TunableFloats(layer, buffers, options, importance);
      case SuperGrid levels -> new TunableSuper(layer, buffers, options, importance);
      default -> new TunableIntegers(layer, buffers, options, importance);
    };
  }

  LinearLayer layer() {
    return layer;
  }

  /** Rows of the matrix that are worth a thread. */
  int grain() {
    return grain(layer.in());
  }

  /** Rows of {@code in} weights that are worth a thread. */
  static int grain(int in) {
    return Math.max(1, GRAIN / in);
  }

  @Override
  public int out() {
    return layer.out();
  }

  @Override
  public int in() {
    return layer.in();
  }

  @Override
  public Tensor multiply(Tensor x, Tape tape) {
    Optional<ActivationScheme> inputs = layer.scheme().activations();
    Tensor taken = inputs.isPresent() ? tape.apply(new RoundInputs(x, inputs.get())) : x;
    return tape.apply(new MatMul(taken, quantized));
  }

  /** Makes ŵ and its scales from the parameters. */
  abstract void build();

  /** Asks the tape for the gradient of ŵ, to be added to that of earlier micro-batches or not. */
  void watch(Tape tape, boolean accumulate) {
    tape.watch(quantized, gradient, accumulate);
  }

  /** An expert that saw no token has no gradient; its buffer must not keep an older one. */
  void settle(Gradients gradients, boolean accumulate) {
    boolean none = gradients.of(quantized) == null;
    reached |= !none;
    if (!accumulate && none) {
      Arrays.fill(gradient.data(), 0, gradient.size(), 0f);
    }
  }

  /** Whether any sample so far went through it; not so for experts that no token chose. */
  boolean reached() {
    return reached;
  }

  /**
   * The sign step of iteration {@code i}, from the gradient of ŵ.
   *
   * @param clampV bound of |V|, or 0 for none
   */
  abstract void step(int i, float clampV);

  static void clamp(float[] x, int from, int to, float bound) {
    for (int i = from; i < to; i++) {
      x[i] = Math.max(-bound, Math.min(bound, x[i]));
    }
  }

  /** Keeps what the present parameters produce. */
  abstract void keep();

  /** What was kept. */
  abstract QuantizedMatrix result();

  /** V, live. */
  abstract float[] value();

  /** ŵ, live. */
  Tensor quantized() {
    return quantized;
  }

  /** The gradient of ŵ, live. */
  Tensor gradient() {
    return gradient;
  }
}

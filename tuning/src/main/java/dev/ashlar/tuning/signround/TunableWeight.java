package dev.ashlar.tuning.signround;

import dev.ashlar.nn.layer.Weight;
import dev.ashlar.nn.op.RoundInputs;
import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Gradients;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.autograd.Workspace;
import dev.ashlar.tensor.autograd.op.MatMul;
import dev.ashlar.tensor.kernel.FakeQuantKernel;
import dev.ashlar.tensor.quant.ActivationScheme;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tuning.method.LinearLayer;
import dev.ashlar.tuning.method.Scales;
import java.util.Arrays;
import java.util.Optional;

/**
 * A weight under tuning: multiplies with ŵ, which {@link #build} makes from the float weight and
 * the parameters V, α and β, and moves these by the sign of their gradients.
 *
 * <p>What is kept of the best iteration is what its parameters produce, codes, scales and zero
 * points, a quarter of the size of the parameters themselves.
 */
final class TunableWeight implements Weight {
  /** Weights below which another thread does not pay. */
  private static final int GRAIN = 1 << 14;

  private final LinearLayer layer;
  private final FakeQuantKernel kernel;
  private final FakeQuantKernel.Parameters parameters;
  private final Tensor quantized;
  private final Tensor gradient;
  private final int grain;
  private final float[] steps;
  private final float[] minMaxSteps;
  private final Memory memory;
  private boolean reached;
  private final float[] scales;
  private final byte[] zeros;
  private final byte[] bestCodes;
  private final float[] bestScales;
  private final byte[] bestZeros;

  /**
   * @param buffers owns V, ŵ and the gradient, which are valid until it takes them back
   */
  TunableWeight(
      LinearLayer layer, Workspace buffers, FakeQuantKernel kernel, SignRoundOptions options) {
    this(layer, buffers, kernel, options, null);
  }

  /**
   * @param importance of the inputs, from which the ranges are searched; null to span the extremes
   */
  TunableWeight(
      LinearLayer layer,
      Workspace buffers,
      FakeQuantKernel kernel,
      SignRoundOptions options,
      float[] importance) {
    this.layer = layer;
    this.kernel = kernel;
    IntegerGrid scheme = layer.grid();
    int groups = layer.out() * scheme.groups(layer.in());
    this.quantized = buffers.take(layer.out(), layer.in());
    this.gradient = buffers.take(layer.out(), layer.in());
    this.grain = Math.max(1, GRAIN / layer.in());
    this.parameters =
        new FakeQuantKernel.Parameters(
            scheme,
            layer.out(),
            layer.in(),
            layer.weight().data(),
            new float[groups],
            new float[groups],
            buffers.takeZeros(layer.weight().shape()).data(),
            options.minMaxTuning() ? ones(groups) : null,
            options.minMaxTuning() ? ones(groups) : null,
            options.exact(scheme.bits()),
            options.variant().bound());
    this.steps = options.schedule(options.firstLr(scheme.bits()));
    this.minMaxSteps = options.schedule(options.firstMinMaxLr(scheme.bits()));
    this.scales = new float[groups];
    this.zeros = new byte[groups];
    this.bestCodes = new byte[layer.out() * layer.in()];
    this.bestScales = new float[groups];
    this.bestZeros = new byte[groups];
    this.memory = options.variant().hasMemory() ? new Memory(options.variant()) : null;
    if (importance == null) {
      span(scheme);
    } else {
      SearchedRanges.find(layer, importance, parameters.wMin(), parameters.wMax());
    }
    keep();
    Scales.require(layer.name(), scheme, layer.in(), bestScales);
  }

  private void span(IntegerGrid scheme) {
    Parallel.rows(
        layer.out(),
        grain,
        (from, to) ->
            kernel.range(
                scheme,
                from,
                to,
                layer.in(),
                parameters.weight(),
                parameters.wMin(),
                parameters.wMax()));
  }

  /** What steps with a memory need beside the parameters. */
  private final class Memory {
    private final float[] dValue = new float[layer.out() * layer.in()];
    private final float[] dMin = new float[parameters.wMin().length];
    private final float[] dMax = new float[parameters.wMin().length];
    private final ParameterSteps value;
    private final ParameterSteps min;
    private final ParameterSteps max;

    Memory(SignRoundVariant variant) {
      this.value = new ParameterSteps(variant, parameters.value());
      boolean ranges = parameters.minScale() != null;
      this.min = ranges ? new ParameterSteps(variant, parameters.minScale()) : null;
      this.max = ranges ? new ParameterSteps(variant, parameters.maxScale()) : null;
    }

    void step(int i, int from, int to) {
      kernel.backward(parameters, from, to, gradient.data(), scales, zeros, dValue, dMin, dMax);
      value.step(i, dValue, from * layer.in(), to * layer.in(), steps[i]);
      if (min != null) {
        int groups = scales.length / layer.out();
        min.step(i, dMin, from * groups, to * groups, minMaxSteps[i]);
        max.step(i, dMax, from * groups, to * groups, minMaxSteps[i]);
      }
    }
  }

  private static float[] ones(int n) {
    float[] x = new float[n];
    Arrays.fill(x, 1f);
    return x;
  }

  LinearLayer layer() {
    return layer;
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

  /** Makes ŵ, scales and zero points from the parameters. */
  void build() {
    Parallel.rows(
        layer.out(),
        grain,
        (from, to) -> kernel.forward(parameters, from, to, quantized.data(), null, scales, zeros));
  }

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
  void step(int i, float clampV) {
    Parallel.rows(
        layer.out(),
        grain,
        (from, to) -> {
          if (memory != null) {
            memory.step(i, from, to);
          } else {
            kernel.signStep(
                parameters, from, to, gradient.data(), scales, zeros, steps[i], minMaxSteps[i]);
          }
          if (clampV > 0) {
            clamp(parameters.value(), from * layer.in(), to * layer.in(), clampV);
          }
        });
  }

  private static void clamp(float[] x, int from, int to, float bound) {
    for (int i = from; i < to; i++) {
      x[i] = Math.max(-bound, Math.min(bound, x[i]));
    }
  }

  /** Keeps what the present parameters produce. */
  void keep() {
    Parallel.rows(
        layer.out(),
        grain,
        (from, to) -> kernel.forward(parameters, from, to, null, bestCodes, bestScales, bestZeros));
  }

  /** What was kept. */
  QuantizedMatrix result() {
    return new QuantizedMatrix(
        layer.out(), layer.in(), layer.grid(), bestCodes, bestScales, bestZeros);
  }

  /** The parameters, live. */
  FakeQuantKernel.Parameters parameters() {
    return parameters;
  }

  /** The gradient of ŵ, live. */
  Tensor gradient() {
    return gradient;
  }

  /** Scales of the last build; for tests. */
  float[] scales() {
    return scales;
  }

  /** Zero points of the last build; for tests. */
  byte[] zeros() {
    return zeros;
  }
}

package dev.ashlar.tuning.signround;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.autograd.Workspace;
import dev.ashlar.tensor.kernel.FakeQuantKernel;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tuning.method.LinearLayer;
import dev.ashlar.tuning.method.Scales;
import java.util.Arrays;

/** Integer codes under tuning: V, and the multipliers α and β of each group's range. */
final class TunableIntegers extends TunableWeight {
  private final FakeQuantKernel kernel;
  private final FakeQuantKernel.Parameters parameters;
  private final float[] steps;
  private final float[] minMaxSteps;
  private final Memory memory;
  private final float[] scales;
  private final byte[] zeros;
  private final byte[] bestCodes;
  private final float[] bestScales;
  private final byte[] bestZeros;

  /**
   * @param buffers owns V, ŵ and the gradient, which are valid until it takes them back
   * @param importance of the inputs, from which the ranges are searched; null to span the extremes
   */
  TunableIntegers(
      LinearLayer layer, Workspace buffers, SignRoundOptions options, float[] importance) {
    super(layer, buffers);
    this.kernel = layer.backend().fakeQuant();
    IntegerGrid scheme = layer.grid();
    int groups = layer.out() * scheme.groups(layer.in());
    this.parameters =
        parameters(
            layer,
            buffers.takeZeros(layer.weight().shape()).data(),
            options,
            options.minMaxTuning(),
            importance);
    this.steps = options.schedule(options.firstLr(scheme.bits()));
    this.minMaxSteps = options.schedule(options.firstMinMaxLr(scheme.bits()));
    this.scales = new float[groups];
    this.zeros = new byte[groups];
    this.bestCodes = new byte[layer.out() * layer.in()];
    this.bestScales = new float[groups];
    this.bestZeros = new byte[groups];
    this.memory = options.variant().hasMemory() ? new Memory(options.variant()) : null;
    keep();
    Scales.require(layer.name(), scheme, layer.in(), bestScales);
  }

  /**
   * What a tuning begins with.
   *
   * @param value V, all zeros, or null
   * @param multipliers whether α and β have a place, or are ones
   * @param importance of the inputs, from which the ranges are searched; null to span the extremes
   */
  static FakeQuantKernel.Parameters parameters(
      LinearLayer layer,
      float[] value,
      SignRoundOptions options,
      boolean multipliers,
      float[] importance) {
    IntegerGrid scheme = layer.grid();
    int groups = layer.out() * scheme.groups(layer.in());
    FakeQuantKernel.Parameters p =
        new FakeQuantKernel.Parameters(
            scheme,
            layer.out(),
            layer.in(),
            layer.weight().data(),
            new float[groups],
            new float[groups],
            value,
            multipliers ? ones(groups) : null,
            multipliers ? ones(groups) : null,
            options.exact(scheme.bits()),
            options.variant().bound());
    if (importance == null) {
      span(layer, p);
    } else {
      SearchedRanges.find(layer, importance, p.wMin(), p.wMax());
    }
    return p;
  }

  private static void span(LinearLayer layer, FakeQuantKernel.Parameters p) {
    Parallel.rows(
        p.out(),
        grain(p.in()),
        (from, to) ->
            layer
                .backend()
                .fakeQuant()
                .range(p.scheme(), from, to, p.in(), p.weight(), p.wMin(), p.wMax()));
  }

  /** What steps with a memory need beside the parameters. */
  private final class Memory {
    private final float[] dValue = new float[out() * in()];
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
      kernel.backward(parameters, from, to, gradient().data(), scales, zeros, dValue, dMin, dMax);
      value.step(i, dValue, from * in(), to * in(), steps[i]);
      if (min != null) {
        int groups = scales.length / out();
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

  @Override
  void build() {
    Parallel.rows(
        out(),
        grain(),
        (from, to) ->
            kernel.forward(parameters, from, to, quantized().data(), null, scales, zeros));
  }

  @Override
  void step(int i, float clampV) {
    Parallel.rows(
        out(),
        grain(),
        (from, to) -> {
          if (memory != null) {
            memory.step(i, from, to);
          } else {
            kernel.signStep(
                parameters, from, to, gradient().data(), scales, zeros, steps[i], minMaxSteps[i]);
          }
          if (clampV > 0) {
            clamp(parameters.value(), from * in(), to * in(), clampV);
          }
        });
  }

  @Override
  void keep() {
    Parallel.rows(
        out(),
        grain(),
        (from, to) -> kernel.forward(parameters, from, to, null, bestCodes, bestScales, bestZeros));
  }

  @Override
  QuantizedMatrix result() {
    return new QuantizedMatrix(out(), in(), layer().grid(), bestCodes, bestScales, bestZeros);
  }

  /** The parameters, live. */
  FakeQuantKernel.Parameters parameters() {
    return parameters;
  }

  @Override
  float[] value() {
    return parameters.value();
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

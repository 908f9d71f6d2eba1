package dev.ashlar.tuning.signround;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.autograd.Workspace;
import dev.ashlar.tensor.kernel.BlockScales;
import dev.ashlar.tensor.kernel.FloatFakeQuantKernel;
import dev.ashlar.tensor.quant.Codes;
import dev.ashlar.tensor.quant.FloatGrid;
import dev.ashlar.tensor.quant.Groups;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tuning.layerwise.BlockScaleSearch;
import dev.ashlar.tuning.method.LinearLayer;
import java.util.Arrays;

/**
 * Small floats under tuning: V, and a multiplier β of each block's largest magnitude. Blocks may
 * span rows, so that what rows add to β's gradient is summed when all are done, in their order.
 */
final class TunableFloats extends TunableWeight {
  private final FloatGrid grid;
  private final FloatFakeQuantKernel kernel;
  private final FloatFakeQuantKernel.Parameters parameters;
  private final BlockScales blocks;
  private final float bound;
  private final float[] multipliers;
  private final float[] scales;
  private final float[] dScales;
  private final float[] dMultipliers;
  private final float[] steps;
  private final float[] multiplierSteps;
  private final float[] dValue;
  private final ParameterSteps valueMemory;
  private final ParameterSteps multiplierMemory;
  private final byte[] bestCodes;
  private final float[] bestScales;

  /**
   * @param buffers owns V, ŵ and the gradient, which are valid until it takes them back
   * @param importance of the inputs, from which scales are searched; null to span the extremes
   */
  TunableFloats(
      LinearLayer layer, Workspace buffers, SignRoundOptions options, float[] importance) {
    super(layer, buffers);
    this.grid = (FloatGrid) layer.scheme();
    this.kernel = layer.backend().floatFakeQuant();
    int bits = grid.codeBits();
    this.parameters =
        new FloatFakeQuantKernel.Parameters(
            grid,
            out(),
            in(),
            layer.weight().data(),
            buffers.takeZeros(layer.weight().shape()).data(),
            options.exact(bits));
    this.blocks =
        importance == null
            ? new BlockScales(grid, out(), in(), layer.weight().data(), layer.range())
            : BlockScaleSearch.find(layer, importance);
    this.bound = options.variant().bound();
    this.multipliers = options.minMaxTuning() ? new float[blocks.count()] : null;
    this.scales = new float[out() * grid.groups(in())];
    this.dScales = new float[scales.length];
    this.dMultipliers = new float[blocks.count()];
    this.steps = options.schedule(options.firstLr(bits));
    this.multiplierSteps = options.schedule(options.firstMinMaxLr(bits));
    boolean remembers = options.variant().hasMemory();
    this.dValue = remembers ? new float[out() * in()] : null;
    this.valueMemory = remembers ? new ParameterSteps(options.variant(), parameters.value()) : null;
    this.multiplierMemory =
        remembers && multipliers != null
            ? new ParameterSteps(options.variant(), multipliers)
            : null;
    this.bestCodes = new byte[out() * in()];
    this.bestScales = new float[scales.length];
    if (multipliers != null) {
      Arrays.fill(multipliers, 1f);
    }
    keep();
  }

  @Override
  void build() {
    blocks.fill(multipliers, bound, scales);
    Parallel.rows(
        out(),
        grain(),
        (from, to) -> kernel.forward(parameters, from, to, scales, quantized().data(), null));
  }

  @Override
  void step(int i, float clampV) {
    Parallel.rows(out(), grain(), (from, to) -> stepRows(i, clampV, from, to));
    if (multipliers == null) {
      return;
    }
    blocks.gradient(multipliers, dScales, dMultipliers);
    if (multiplierMemory != null) {
      multiplierMemory.step(i, dMultipliers, 0, multipliers.length, multiplierSteps[i]);
      return;
    }
    for (int b = 0; b < multipliers.length; b++) {
      multipliers[b] -= multiplierSteps[i] * Math.signum(dMultipliers[b]);
    }
  }

  private void stepRows(int i, float clampV, int from, int to) {
    float[] g = gradient().data();
    if (valueMemory != null) {
      kernel.backward(parameters, from, to, g, scales, dValue, dScales);
      valueMemory.step(i, dValue, from * in(), to * in(), steps[i]);
    } else {
      kernel.signStep(parameters, from, to, g, scales, steps[i], dScales);
    }
    if (clampV > 0) {
      clamp(parameters.value(), from * in(), to * in(), clampV);
    }
  }

  @Override
  void keep() {
    blocks.fill(multipliers, bound, bestScales);
    Parallel.rows(
        out(),
        grain(),
        (from, to) -> kernel.forward(parameters, from, to, bestScales, null, bestCodes));
  }

  @Override
  QuantizedMatrix result() {
    return new QuantizedMatrix(
        out(),
        in(),
        Codes.Table.of(grid.element(), bestCodes),
        new Groups.Scales(grid, bestScales, blocks.global()));
  }

  @Override
  float[] value() {
    return parameters.value();
  }

  /** Gradients of V and of the multipliers at the last build; for tests. */
  float[][] gradients() {
    float[] value = new float[out() * in()];
    kernel.backward(parameters, 0, out(), gradient().data(), scales, value, dScales);
    float[] ones = new float[blocks.count()];
    Arrays.fill(ones, 1f);
    blocks.gradient(multipliers == null ? ones : multipliers, dScales, dMultipliers);
    return new float[][] {value, dMultipliers.clone()};
  }
}

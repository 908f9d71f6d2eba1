package dev.ashlar.tuning.signround;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.autograd.Workspace;
import dev.ashlar.tensor.blocks.Row;
import dev.ashlar.tensor.blocks.SuperFit;
import dev.ashlar.tensor.blocks.SuperRange;
import dev.ashlar.tensor.blocks.TwoLevelRounding;
import dev.ashlar.tensor.blocks.TwoLevelRounding.Levels;
import dev.ashlar.tensor.quant.Groups;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tensor.quant.SuperGrid;
import dev.ashlar.tuning.method.LinearLayer;
import java.util.Arrays;

/**
 * Codes with scales of two levels under tuning. Either scales and minimums span the groups' ranges,
 * by multipliers α and β that are tuned with V, and are rounded to whole multiples in every
 * iteration, which gradients pass straight through; or they are those of the search by importance,
 * stay as they are, and V alone is tuned (AutoRound's extension).
 *
 * <p>AutoRound searches scales once more when it is done, with the last V in the rounding, and does
 * not look at the loss again; here the scales are those that the loss was measured with.
 */
final class TunableSuper extends TunableWeight {
  private final SuperGrid grid;
  private final TwoLevelRounding rounding;
  private final Ranges ranges;
  private final Levels levels;
  private final Levels best;
  private final byte[] bestCodes;
  private final float[] steps;
  private final float[] dStep;
  private final float[] dLow;
  private final ParameterSteps memory;

  /**
   * @param buffers owns V, ŵ and the gradient, which are valid until it takes them back
   * @param importance of the inputs, by which scales are searched; null to span the extremes
   */
  TunableSuper(LinearLayer layer, Workspace buffers, SignRoundOptions options, float[] importance) {
    super(layer, buffers);
    this.grid = (SuperGrid) layer.scheme();
    SuperFit.require(grid, in());
    this.rounding =
        new TwoLevelRounding(
            grid,
            in(),
            layer.weight().data(),
            buffers.takeZeros(layer.weight().shape()).data(),
            options.exact(grid.bits()));
    this.levels = Levels.of(grid, out(), in());
    this.best = Levels.of(grid, out(), in());
    this.bestCodes = new byte[out() * in()];
    this.steps = options.schedule(options.firstLr(grid.bits()));
    this.dStep = new float[levels.scales().length];
    this.dLow = new float[levels.scales().length];
    this.memory =
        options.variant().hasMemory()
            ? new ParameterSteps(options.variant(), rounding.value())
            : null;
    if (importance == null) {
      this.ranges = new Ranges(options);
    } else {
      this.ranges = null;
      search(importance);
    }
    keep();
  }

  private void search(float[] importance) {
    QuantizedMatrix found =
        SuperFit.of(
            layer().weight(), grid, Row.counting(importance).orElse(null), layer().backend());
    Groups.SuperBlocks groups = (Groups.SuperBlocks) found.groups();
    copy(groups.scales(), levels.steps(), levels.scales());
    if (groups.offset() instanceof Groups.SuperBlocks.Offset.Below b) {
      copy(b.below(), levels.belows(), levels.minimums());
    }
  }

  private static void copy(Groups.SuperBlocks.Multiples from, float[] bases, byte[] factors) {
    System.arraycopy(from.bases(), 0, bases, 0, bases.length);
    System.arraycopy(from.factors(), 0, factors, 0, factors.length);
  }

  /** Ranges of the groups, and the multipliers that shrink them. */
  private final class Ranges {
    private final float[] wMin = new float[levels.scales().length];
    private final float[] wMax = new float[wMin.length];
    private final float[] low = new float[wMin.length];
    private final float[] high = new float[wMin.length];

    /** α and β; null where they are not tuned. */
    private final float[] minScale;

    private final float[] maxScale;
    private final float[] dMin = new float[wMin.length];
    private final float[] dMax = new float[wMin.length];
    private final float[] lr;
    private final ParameterSteps minMemory;
    private final ParameterSteps maxMemory;

    Ranges(SignRoundOptions options) {
      int size = grid.groupSize();
      float[] w = layer().weight().data();
      for (int g = 0; g < wMin.length; g++) {
        for (int i = g * size; i < (g + 1) * size; i++) {
          wMin[g] = Math.min(wMin[g], w[i]);
          wMax[g] = Math.max(wMax[g], w[i]);
        }
      }
      this.minScale = options.minMaxTuning() ? new float[wMin.length] : null;
      this.maxScale = options.minMaxTuning() ? new float[wMin.length] : null;
      this.lr = options.schedule(options.firstMinMaxLr(grid.bits()));
      boolean remembers = minScale != null && options.variant().hasMemory();
      this.minMemory = remembers ? new ParameterSteps(options.variant(), minScale) : null;
      this.maxMemory = remembers ? new ParameterSteps(options.variant(), maxScale) : null;
      if (minScale != null) {
        Arrays.fill(minScale, 1f);
        Arrays.fill(maxScale, 1f);
      }
    }

    /** The levels of rows by the present multipliers. */
    void fill(int from, int to) {
      int perRow = wMin.length / out();
      for (int g = from * perRow; g < to * perRow; g++) {
        if (minScale != null) {
          minScale[g] = Math.clamp(minScale[g], 0f, 1f);
          maxScale[g] = Math.clamp(maxScale[g], 0f, 1f);
        }
        low[g] = wMin[g] * (minScale == null ? 1 : minScale[g]);
        high[g] = wMax[g] * (maxScale == null ? 1 : maxScale[g]);
      }
      SuperRange range = new SuperRange(grid);
      for (int g = from * perRow; g < to * perRow; g += grid.perBlock()) {
        range.round(low, high, g, levels.scales(), levels.minimums());
        levels.steps()[g / grid.perBlock()] = range.step();
        levels.belows()[g / grid.perBlock()] = range.below();
      }
    }

    /** Gradients of α and β, from those of steps and lowest values. */
    void gradients(int from, int to) {
      int perRow = wMin.length / out();
      for (int g = from * perRow; g < to * perRow; g++) {
        if (grid.symmetric()) {
          float a = -low[g];
          double d = dStep[g] / grid.middle();
          double share = high[g] == a ? 0.5 : 1;
          dMin[g] = high[g] <= a ? (float) (share * d * -wMin[g]) : 0;
          dMax[g] = high[g] >= a ? (float) (share * d * -wMax[g]) : 0;
        } else {
          double d = dStep[g] / grid.maxCode();
          dMin[g] = (float) (wMin[g] * (dLow[g] - d));
          dMax[g] = (float) (wMax[g] * d);
        }
      }
    }

    void step(int i, int from, int to) {
      if (minScale == null) {
        return;
      }
      gradients(from, to);
      int perRow = wMin.length / out();
      move(i, minMemory, minScale, dMin, from * perRow, to * perRow, lr[i]);
      move(i, maxMemory, maxScale, dMax, from * perRow, to * perRow, lr[i]);
    }
  }

  private static void move(
      int i,
      ParameterSteps memory,
      float[] parameters,
      float[] gradient,
      int from,
      int to,
      float lr) {
    if (memory != null) {
      memory.step(i, gradient, from, to, lr);
      return;
    }
    for (int k = from; k < to; k++) {
      parameters[k] -= lr * Math.signum(gradient[k]);
    }
  }

  @Override
  void build() {
    round(quantized().data(), null);
  }

  /** Rounds by the present parameters, to ŵ or to codes. */
  private void round(float[] rounded, byte[] codes) {
    Parallel.rows(
        out(),
        grain(),
        (from, to) -> {
          if (ranges != null) {
            ranges.fill(from, to);
          }
          rounding.forward(levels, from, to, rounded, codes);
        });
  }

  @Override
  void step(int i, float clampV) {
    Parallel.rows(
        out(),
        grain(),
        (from, to) -> {
          // The gradient of ŵ is needed no more.
          float[] d = gradient().data();
          rounding.backward(levels, from, to, d, d, dStep, dLow);
          move(i, memory, value(), d, from * in(), to * in(), steps[i]);
          if (clampV > 0) {
            clamp(value(), from * in(), to * in(), clampV);
          }
          if (ranges != null) {
            ranges.step(i, from, to);
          }
        });
  }

  @Override
  void keep() {
    round(null, bestCodes);
    System.arraycopy(levels.steps(), 0, best.steps(), 0, best.steps().length);
    System.arraycopy(levels.belows(), 0, best.belows(), 0, best.belows().length);
    System.arraycopy(levels.scales(), 0, best.scales(), 0, best.scales().length);
    System.arraycopy(levels.minimums(), 0, best.minimums(), 0, best.minimums().length);
  }

  @Override
  QuantizedMatrix result() {
    return SuperFit.matrix(
        out(), in(), grid, bestCodes, best.steps(), best.scales(), best.belows(), best.minimums());
  }

  @Override
  float[] value() {
    return rounding.value();
  }

  /** Gradients of V, α and β at the last build; for tests. */
  float[][] gradients() {
    float[] dValue = new float[out() * in()];
    rounding.backward(levels, 0, out(), gradient().data(), dValue, dStep, dLow);
    if (ranges == null) {
      return new float[][] {dValue};
    }
    ranges.gradients(0, out());
    return new float[][] {dValue, ranges.dMin, ranges.dMax};
  }

  /** α and β, live; for tests. */
  float[][] multipliers() {
    return new float[][] {ranges.minScale, ranges.maxScale};
  }
}

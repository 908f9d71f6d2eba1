package dev.ashlar.tuning.awq;

import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tuning.method.BlockQuantizer;
import dev.ashlar.tuning.method.LinearLayer;
import dev.ashlar.tuning.method.Method;
import dev.ashlar.tuning.method.MethodOptions;
import dev.ashlar.tuning.method.UnitResult;
import dev.ashlar.tuning.method.UnitSize;
import dev.ashlar.tuning.method.UnitTask;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Activation-aware weight quantization (arXiv 2306.00978): weights are smoothed ({@link
 * Smoothing}), perhaps clipped, and rounded to nearest. Norms and what else is changed with that go
 * out with the codes.
 */
public final class Awq implements BlockQuantizer {
  private static final String NAME = "awq";
  private static final String GRID = "n_grid";
  private static final String DUO = "duo_scaling";
  private static final String CLIP = "apply_clip";
  private static final String SEARCH = "search";
  private static final String TOKENS = "tokens";
  private static final String FINALISTS = "finalists";

  /** Hidden states that are kept of each searched token. */
  private static final int KEPT = 6;

  /** How users call it. */
  public static final Method METHOD =
      new Method() {
        @Override
        public String name() {
          return NAME;
        }

        @Override
        public String description() {
          return "move the scale of busy channels into their weights, then round to nearest (AWQ)";
        }

        @Override
        public List<Option> options() {
          return List.of(
              new Option(GRID, "20", "candidates for the factors of an input"),
              new Option(DUO, "true", "shrink channels whose weights are large"),
              new Option(
                  CLIP,
                  "false",
                  "Clip weights where that lessens the error.",
                  new Spelling.Switch("awq-clip", "true")),
              new Option(SEARCH, "false", "round on scales searched as by opt-rtn"),
              new Option(TOKENS, "2048", "tokens on which factors are compared, about"),
              new Option(
                  FINALISTS,
                  "20",
                  "factors that a module is run with, the best by its maps' own outputs"));
        }

        @Override
        public BlockQuantizer quantizer(MethodOptions o) {
          AwqOptions d = AwqOptions.defaults();
          return new Awq(
              new AwqOptions(
                  o.integer(GRID, d.grid()),
                  o.flag(DUO, d.duo()),
                  o.flag(CLIP, d.clip()),
                  o.flag(SEARCH, d.search()),
                  o.integer(TOKENS, d.tokens()),
                  o.integer(FINALISTS, d.finalists())));
        }
      };

  private final AwqOptions options;

  /** The method with these options. */
  public Awq(AwqOptions options) {
    this.options = options;
  }

  @Override
  public boolean needsInputs() {
    return true;
  }

  @Override
  public boolean needsTargets() {
    return false;
  }

  @Override
  public String describe() {
    return NAME + ", " + options.describe();
  }

  @Override
  public long workingBytes(UnitSize unit, long tokens) {
    // Weights with factors, rounded without them, with a candidate's and with the best; codes; and
    // what flows into the unit and its modules and out of them of the samples that are looked at.
    return unit.weights() * (4 * Float.BYTES + Byte.BYTES)
        + (long) KEPT * options.tokens() * unit.dim() * Float.BYTES
        + unit.passBytes(Math.max(tokens, options.tokens()));
  }

  @Override
  public UnitResult quantize(UnitTask task) {
    if (task.isEmpty()) {
      return UnitResult.of(Map.of());
    }
    Smoothing smoothing = new Smoothing(task, options);
    Map<String, QuantizedMatrix> codes = new LinkedHashMap<>();
    for (Map.Entry<String, QuantScheme> e : task.schemes().entrySet()) {
      LinearLayer layer = task.layer(e.getKey()).withWeight(smoothing.weight(e.getKey()));
      codes.put(e.getKey(), quantized(layer, smoothing));
    }
    return UnitResult.of(codes).withTensors(smoothing.changed()).withFigures(smoothing.figures());
  }

  private QuantizedMatrix quantized(LinearLayer layer, Smoothing smoothing) {
    return smoothing.codes(options.clip() ? smoothing.clipped(layer) : layer);
  }

  @Override
  public Duration estimate(UnitTask sample, int batches) {
    if (sample.isEmpty()) {
      return Duration.ZERO;
    }
    long start = System.nanoTime();
    Smoothing smoothing = new Smoothing(sample, options);
    sample.schemes().keySet().forEach(smoothing::weight);
    long searching = System.nanoTime() - start - smoothing.observing();
    int count = sample.inputs().count();
    double more =
        (double) Smoothing.split(sample, count * batches, options).searched().length
            / Smoothing.split(sample, count, options).searched().length;
    return Duration.ofNanos((long) (more * searching) + batches * smoothing.observing());
  }
}

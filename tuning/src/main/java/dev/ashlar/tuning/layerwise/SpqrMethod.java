package dev.ashlar.tuning.layerwise;

import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tuning.layerwise.solver.Gptq;
import dev.ashlar.tuning.layerwise.solver.GridFit;
import dev.ashlar.tuning.layerwise.solver.SecondMoments;
import dev.ashlar.tuning.layerwise.solver.Spqr;
import dev.ashlar.tuning.layerwise.solver.SpqrOptions;
import dev.ashlar.tuning.layerwise.solver.Symmetric;
import dev.ashlar.tuning.method.BlockQuantizer;
import dev.ashlar.tuning.method.LinearLayer;
import dev.ashlar.tuning.method.Method;
import dev.ashlar.tuning.method.MethodOptions;
import dev.ashlar.tuning.method.RunFacts;
import dev.ashlar.tuning.method.TuningException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** SpQR (arXiv 2306.03078) as users see it, with the options of its program. */
public final class SpqrMethod implements Method {
  /** How users call it. */
  public static final Method METHOD = new SpqrMethod();

  private static final String DAMP = "percdamp";
  private static final String ORDER = "permutation_order";
  private static final String THRESHOLD = "outlier_threshold";
  private static final String SIMPLIFIED = "simplified_outliers";
  private static final String ROUND_ZERO = "round_zero";
  private static final String SCALE_BITS = "qq_scale_bits";
  private static final String ZERO_BITS = "qq_zero_bits";
  private static final String RUN = "qq_groupsize";
  private static final String SYMMETRIC_ZEROS = "qq_zero_sym";
  private static final String NONE = "inf";
  private static final double DEFAULT_DAMP = 0.01;
  private static final int DEFAULT_RUN = 16;

  private SpqrMethod() {}

  @Override
  public String name() {
    return "spqr";
  }

  @Override
  public String description() {
    return "GPTQ's way with costly weights kept as floats and scales quantized themselves (SpQR)";
  }

  @Override
  public String label() {
    return "SpQR";
  }

  @Override
  public List<Option> options() {
    return SolverOptions.all(
        List.of(
            new Option(
                THRESHOLD,
                NONE,
                "Keep weights as floats whose error is so many times the mean; 0.2 keeps about 1 %"
                    + " (default inf: none).",
                new Spelling.Named("X")),
            new Option(
                DAMP,
                "0.01",
                "Share of the mean diagonal that SpQR adds to the diagonal.",
                new Spelling.Named("X")),
            new Option(
                ORDER,
                "identity",
                "Order of columns: identity, act_order or spearman.",
                new Spelling.Named("NAME")),
            new Option(
                SCALE_BITS, "0", "Bits of codes for scales; 0 for none.", new Spelling.Named("N")),
            new Option(
                ZERO_BITS,
                "0",
                "Bits of codes for zero points; 0 for none.",
                new Spelling.Named("N")),
            new Option(
                RUN, "16", "Rows whose scales share a second grid.", new Spelling.Named("N")),
            new Option(SIMPLIFIED, SolverOptions.FALSE, "grids are fitted to outliers too"),
            new Option(ROUND_ZERO, SolverOptions.FALSE, "zero points are integers"),
            new Option(
                SYMMETRIC_ZEROS, SolverOptions.FALSE, "second grids of zero points are symmetric")),
        SolverOptions.passes(false));
  }

  @Override
  public List<String> idle(MethodOptions o) {
    List<String> idle = new ArrayList<>();
    boolean levels = o.integer(SCALE_BITS, 0) > 0 || o.integer(ZERO_BITS, 0) > 0;
    if (o.has(RUN) && !levels) {
      idle.add(RUN + " has no effect without " + SCALE_BITS + " or " + ZERO_BITS);
    }
    if (o.has(SYMMETRIC_ZEROS) && o.integer(ZERO_BITS, 0) == 0) {
      idle.add(SYMMETRIC_ZEROS + " has no effect without " + ZERO_BITS);
    }
    if (o.has(SIMPLIFIED) && (!o.has(THRESHOLD) || o.is(THRESHOLD, NONE))) {
      idle.add(SIMPLIFIED + " has no effect without " + THRESHOLD);
    }
    return idle;
  }

  @Override
  public Map<String, Object> recorded(MethodOptions o, RunFacts run) {
    Map<String, Object> record =
        SolverOptions.recorded(Method.super.recorded(o, run), options(), o);
    record.put("damp_percent", o.real(DAMP, DEFAULT_DAMP));
    return record;
  }

  @Override
  public BlockQuantizer quantizer(MethodOptions o) {
    SpqrOptions options =
        new SpqrOptions(
            o.real(DAMP, DEFAULT_DAMP),
            order(o),
            !o.has(THRESHOLD) || o.is(THRESHOLD, NONE)
                ? Double.POSITIVE_INFINITY
                : o.real(THRESHOLD, 0),
            o.flag(SIMPLIFIED, false),
            o.flag(ROUND_ZERO, false),
            o.integer(SCALE_BITS, 0),
            o.integer(ZERO_BITS, 0),
            o.integer(RUN, DEFAULT_RUN),
            o.flag(SYMMETRIC_ZEROS, false));
    return SolverOptions.method(name(), new Solver(options), false, options(), o);
  }

  private static SpqrOptions.Order order(MethodOptions o) {
    String name = o.values().getOrDefault(ORDER, "identity").strip();
    for (SpqrOptions.Order order : SpqrOptions.Order.values()) {
      if (order.name().equals(name.toUpperCase(Locale.ROOT))) {
        return order;
      }
    }
    throw new IllegalArgumentException(
        ORDER + " is identity, act_order or spearman, found '" + name + "'");
  }

  private record Solver(SpqrOptions options) implements MomentSolver {
    @Override
    public Optional<Prepared> prepare(SecondMoments moments, IntegerGrid grid, Backend backend) {
      Symmetric a = moments.normalised();
      if (options.order() == SpqrOptions.Order.SPEARMAN) {
        // The order depends on each layer's weights.
        return Optional.of(
            (layer, figures) ->
                solve(
                    layer,
                    factor(a, layer).orElseThrow(() -> unfactored(layer)),
                    backend,
                    figures));
      }
      return Spqr.factor(a, Spqr.order(options, a, null), options.damp())
          .map(f -> (layer, figures) -> solve(layer, f, backend, figures));
    }

    private static TuningException unfactored(LinearLayer layer) {
      return new TuningException(
          layer.name(),
          "the second moments of its inputs cannot be factored; use a larger " + DAMP);
    }

    private Optional<Gptq.Factor> factor(Symmetric a, LinearLayer layer) {
      return Spqr.factor(a, Spqr.order(options, a, layer.weight()), options.damp());
    }

    private QuantizedMatrix solve(
        LinearLayer layer, Gptq.Factor factor, Backend backend, Map<String, Double> figures) {
      if (!options.fits(layer.out())) {
        throw new TuningException(
            layer.name(),
            "its " + layer.out() + " rows are no multiple of " + RUN + ", " + options.run());
      }
      QuantizedMatrix q = Spqr.solve(layer.weight(), factor, layer.grid(), options, backend);
      q.outliers()
          .ifPresent(
              o ->
                  figures.put(
                      "outliers." + layer.name(), (double) o.count() / layer.weight().size()));
      return q;
    }

    @Override
    public GridFit fit(IntegerGrid grid) {
      return new GridFit(grid, true, 0);
    }

    @Override
    public boolean keepsOutliers() {
      return true;
    }
  }
}

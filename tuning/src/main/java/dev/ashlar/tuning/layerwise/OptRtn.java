package dev.ashlar.tuning.layerwise;

import dev.ashlar.nn.decoder.LinearSpec;
import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.affine.Affine;
import dev.ashlar.tensor.blocks.Row;
import dev.ashlar.tensor.kernel.BlockScales;
import dev.ashlar.tensor.quant.FloatGrid;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tensor.quant.SuperGrid;
import dev.ashlar.tuning.method.BlockQuantizer;
import dev.ashlar.tuning.method.GroupQuantizer;
import dev.ashlar.tuning.method.LinearLayer;
import dev.ashlar.tuning.method.Method;
import dev.ashlar.tuning.method.MethodOptions;
import dev.ashlar.tuning.method.RunFacts;
import dev.ashlar.tuning.method.Scales;
import dev.ashlar.tuning.method.UnitResult;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Round to nearest on searched scales: each group takes the scale (and, asymmetric, the zero point)
 * of the least squared error, inputs counting by the squares of what flows into them in the float
 * model. AutoRound's {@code opt_rtn}; see {@link ScaleSearch}.
 *
 * <p>Where a search gains nothing it is left out: at 8 bits, and for routed experts, whose number
 * makes it long, unless it is asked for.
 */
public final class OptRtn implements GroupQuantizer {
  private static final String NAME = "opt-rtn";
  private static final String FORCE = "enable_opt_rtn";
  private static final String ASYMMETRIC = "asym_search";

  /** Codes of that width lie so close that no scale is better than another. */
  private static final int MANY_BITS = 8;

  /** How users call it. */
  public static final Method METHOD =
      new Method() {
        @Override
        public String name() {
          return NAME;
        }

        @Override
        public String description() {
          return "round to nearest on scales searched with the data (AutoRound's opt_rtn)";
        }

        @Override
        public List<Option> options() {
          return List.of(
              new Option(
                  FORCE,
                  "false",
                  "Search scales of routed experts too.",
                  new Spelling.Switch("enable-opt-rtn", "true")),
              new Option(
                  ASYMMETRIC,
                  "true",
                  "search scales and zero points of asymmetric grids, which AutoRound does not"));
        }

        @Override
        public BlockQuantizer quantizer(MethodOptions o) {
          boolean force = o.flag(FORCE, false);
          boolean asymmetric = o.flag(ASYMMETRIC, true);
          return new Layerwise(
              new OptRtn(force, asymmetric),
              NAME + ", " + FORCE + "=" + force + ", " + ASYMMETRIC + "=" + asymmetric);
        }

        @Override
        public Map<String, Object> recorded(MethodOptions options, RunFacts run) {
          Map<String, Object> settings = new LinkedHashMap<>(Method.super.recorded(options, run));
          // Whatever the run says: the search is on the float model's inputs.
          settings.put("enable_quanted_input", false);
          return settings;
        }
      };

  private final boolean experts;
  private final boolean asymmetric;

  /**
   * @param experts whether scales of routed experts are searched
   * @param asymmetric whether those of asymmetric grids are
   */
  public OptRtn(boolean experts, boolean asymmetric) {
    this.experts = experts;
    this.asymmetric = asymmetric;
  }

  @Override
  public Optional<String> refusal(QuantScheme scheme) {
    return RoundToNearest.refused(scheme);
  }

  @Override
  public boolean observes() {
    return true;
  }

  @Override
  public boolean floatInputs() {
    return true;
  }

  @Override
  public Work begin(Group group) {
    Importance importance = new Importance(group.layers().getFirst().in());
    boolean wanted = group.layers().stream().anyMatch(this::searches);
    return new Work() {
      @Override
      public void observe(Tensor x) {
        if (wanted) {
          importance.add(x);
        }
      }

      @Override
      public UnitResult finish() {
        float[] counts = importance.values();
        Map<String, QuantizedMatrix> codes = new LinkedHashMap<>();
        for (LinearLayer l : group.layers()) {
          codes.put(l.name(), searches(l) ? quantize(l, counts) : RoundToNearest.quantize(l));
        }
        return UnitResult.of(codes);
      }
    };
  }

  private boolean searches(LinearLayer layer) {
    boolean pays =
        switch (layer.scheme()) {
          case FloatGrid small -> BlockScaleSearch.searches(small);
          case SuperGrid levels -> true;
          default -> gains(layer.grid()) && (layer.grid().symmetric() || asymmetric);
        };
    return pays && (experts || !LinearSpec.isExpert(layer.name()));
  }

  /** Whether codes are so far apart that a search pays. */
  public static boolean gains(IntegerGrid grid) {
    return grid.bits() < MANY_BITS;
  }

  /**
   * Codes on searched scales.
   *
   * @param importance of each input, {@code [in]}
   * @throws dev.ashlar.tuning.method.TuningException if a scale overflows
   */
  public static QuantizedMatrix quantize(LinearLayer layer, float[] importance) {
    if (layer.scheme() instanceof FloatGrid small) {
      BlockScales found = BlockScaleSearch.find(layer, importance);
      return FloatRounding.quantize(layer.weight(), small, found, layer.backend());
    }
    if (layer.scheme() instanceof SuperGrid levels) {
      return RoundToNearest.fitted(layer, levels, Row.counting(importance).orElse(null));
    }
    IntegerGrid grid = layer.grid();
    if (!grid.symmetric()) {
      var found = ScaleSearch.asymmetric(layer.weight(), grid, importance, layer.backend());
      Scales.require(layer.name(), grid, layer.in(), found.scales());
      return Affine.quantize(layer.weight(), found);
    }
    float[] scales = ScaleSearch.symmetric(layer.weight(), grid, importance, layer.backend());
    return symmetric(layer, grid, scales);
  }

  /** Codes by the scales as they were searched, as AutoRound has it; then these are rounded. */
  private static QuantizedMatrix symmetric(LinearLayer layer, IntegerGrid grid, float[] scales) {
    int in = layer.in();
    int groups = grid.groups(in);
    int size = grid.effectiveGroup(in);
    float[] w = layer.weight().data();
    byte[] codes = new byte[w.length];
    byte[] zeros = new byte[scales.length];
    int middle = grid.middle();
    Parallel.rows(
        layer.out(),
        Math.max(1, (1 << 14) / in),
        (from, to) -> {
          for (int at = from * groups; at < to * groups; at++) {
            float floor = grid.scaleFloor();
            float s = scales[at] < 0 ? Math.min(scales[at], -floor) : Math.max(scales[at], floor);
            int first = at / groups * in + at % groups * size;
            int end = Math.min(first + size, (at / groups + 1) * in);
            for (int i = first; i < end; i++) {
              float code = Math.clamp((float) Math.rint(w[i] / s), -middle, middle - 1);
              codes[i] = (byte) ((int) code + middle);
            }
            scales[at] = s;
            zeros[at] = (byte) middle;
          }
        });
    Scales.settle(layer.name(), grid, in, scales);
    return new QuantizedMatrix(layer.out(), in, grid, codes, scales, zeros);
  }
}

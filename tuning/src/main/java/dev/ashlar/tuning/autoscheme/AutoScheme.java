package dev.ashlar.tuning.autoscheme;

import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.nn.decoder.LinearSpec;
import dev.ashlar.nn.op.RoundInputs;
import dev.ashlar.tensor.quant.FileBlocks;
import dev.ashlar.tensor.quant.FloatGrid;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.quant.Unquantized;
import dev.ashlar.tuning.UnitPlan;
import dev.ashlar.tuning.calibration.CalibrationSet;
import dev.ashlar.tuning.layerwise.RoundToNearest;
import dev.ashlar.tuning.plan.QuantizationPlan;
import dev.ashlar.tuning.walk.ActivationStore;
import dev.ashlar.tuning.walk.BlockWalk;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.DoubleConsumer;

/**
 * A scheme for each layer, chosen so that the bits of all layers together stay below an average and
 * the model minds least (AutoRound's AutoScheme).
 *
 * <p>Layers that a rule of the plan names are fixed: they count in the average and keep their
 * scheme. Layers that stay float for other reasons do not count. The output head, if it is to be
 * quantized, takes options of at least {@value #HEAD_BITS} bits only. Experts of one block share an
 * option, and so do layers that were declared to.
 *
 * @param averageBits of a weight, scales and zero points included
 * @param options at least one: integers, small floats, or unquantized; inputs rounded or not
 * @param shared groups of parts of layer names; layers of a block whose names have one of a group's
 *     parts get the same option
 * @param bareCodes whether the bits of scales and zero points are left out of the budget
 */
public record AutoScheme(
    double averageBits, List<SchemeOption> options, List<List<String>> shared, boolean bareCodes) {
  /** Fewest bits of the output head. */
  private static final int HEAD_BITS = 6;

  /** Behind the point, of an average that is told. */
  private static final int DIGITS = 4;

  /**
   * What was chosen.
   *
   * @param plan with a scheme for each layer
   * @param averageBits that the layers really have
   * @param layers how many have each option
   */
  public record Allocation(
      QuantizationPlan plan, double averageBits, Map<String, Integer> layers) {}

  public AutoScheme {
    options = List.copyOf(options);
    shared = List.copyOf(shared);
    if (options.isEmpty()) {
      throw new IllegalArgumentException("there are no schemes to choose from");
    }
    if (!(averageBits >= 1) || averageBits > QuantScheme.FLOAT_BITS) {
      throw new IllegalArgumentException(
          "an average is of 1 to " + QuantScheme.FLOAT_BITS + " bits: " + averageBits);
    }
    options.forEach(AutoScheme::requireMeasurable);
    Set<String> different = new LinkedHashSet<>();
    options.forEach(o -> different.add(o.description()));
    if (different.size() < options.size()) {
      throw new IllegalArgumentException("two of the schemes to choose from are the same");
    }
  }

  /** Scores are of what rounding to nearest makes of weights and inputs. */
  private static void requireMeasurable(SchemeOption option) {
    if (option.scheme().isFloat()) {
      return;
    }
    new RoundToNearest()
        .refusal(option.scheme())
        .or(() -> option.scheme().activations().flatMap(RoundInputs::refusal))
        .or(() -> unmeasured(option.scheme()))
        .ifPresent(
            reason -> {
              throw new IllegalArgumentException(
                  option.name() + " cannot be chosen for layers: " + reason);
            });
  }

  private static Optional<String> unmeasured(QuantScheme scheme) {
    if (scheme instanceof FileBlocks) {
      return Optional.of("what a file makes of weights is not known before");
    }
    return scheme instanceof FloatGrid grid && grid.blockRows() > 1
        ? Optional.of("tiles are for whole models")
        : Optional.empty();
  }

  /** A layer whose scheme is to be chosen. */
  private record Layer(String name, long out, long in, boolean head) {}

  /** What can be chosen for a model. */
  private final class Choice {
    private final List<Layer> layers = new ArrayList<>();
    private final List<Map<String, QuantScheme>> schemes = new ArrayList<>();
    private long weights;
    private long fixedCost;
    private boolean headIsLeft;

    Choice(DecoderSpec spec, boolean tied, QuantizationPlan plan) {
      Map<String, long[]> sizes = sizes(spec);
      String head = spec.head().output().name();
      UnitPlan own = new UnitPlan(spec, tied, plan, 1);
      QuantizationPlan reaching = plan.forLayers(sizes.keySet());
      for (SchemeOption o : options) {
        schemes.add(new LinkedHashMap<>());
      }
      Set<String> quantized = new LinkedHashSet<>(own.schemes().keySet());
      sizes.forEach(
          (name, size) -> {
            if (reaching.hasRule(name)) {
              boolean counts = own.schemes().containsKey(name) || own.skipped().containsKey(name);
              if (counts) {
                QuantScheme s = own.schemes().getOrDefault(name, new Unquantized());
                fixedCost += SchemeBits.of(s, size[0], size[1], bareCodes);
                weights += size[0] * size[1];
              }
            } else if (quantized.contains(name)) {
              add(new Layer(name, size[0], size[1], name.equals(head)));
            }
          });
    }

    private void add(Layer layer) {
      boolean any = false;
      for (int o = 0; o < options.size(); o++) {
        if (allowed(layer, o)) {
          any = true;
          schemes.get(o).put(layer.name(), options.get(o).of(layer.in()));
        }
      }
      if (any) {
        layers.add(layer);
        weights += layer.out() * layer.in();
      } else {
        headIsLeft = true;
      }
    }

    boolean allowed(Layer layer, int option) {
      return !layer.head() || options.get(option).of(layer.in()).codeBits() >= HEAD_BITS;
    }

    long cost(Layer layer, int option) {
      QuantScheme scheme = options.get(option).of(layer.in());
      return SchemeBits.of(scheme, layer.out(), layer.in(), bareCodes);
    }
  }

  private static Map<String, long[]> sizes(DecoderSpec spec) {
    Map<String, long[]> sizes = new LinkedHashMap<>();
    spec.blocks()
        .forEach(
            b ->
                b.linears()
                    .forEach(
                        l -> sizes.put(b.name() + "." + l.name(), new long[] {l.out(), l.in()})));
    sizes.put(spec.head().output().name(), new long[] {spec.vocab(), spec.head().output().in()});
    return sizes;
  }

  /** What each of some layers would have if they had one option after the other. */
  public Map<String, QuantScheme> inTurn(DecoderSpec spec, Collection<String> layers) {
    Map<String, long[]> sizes = sizes(spec);
    Map<String, QuantScheme> turns = new LinkedHashMap<>();
    for (String layer : layers) {
      SchemeOption option = options.get(turns.size() % options.size());
      turns.put(layer, option.of(sizes.get(layer)[1]));
    }
    return turns;
  }

  /** The same choice from other options. */
  public AutoScheme withOptions(List<SchemeOption> others) {
    return new AutoScheme(averageBits, others, shared, bareCodes);
  }

  /**
   * Measures how much the model minds each option, layer by layer.
   *
   * @param plan says which layers there are to choose for
   * @param store where hidden states of all blocks lie
   * @param progress hears how much is done, of 1
   * @return for each option the scores of the layers that may have it; none for unquantized ones
   * @throws java.util.concurrent.CancellationException if {@code check} says so
   */
  public List<Map<String, Double>> scores(
      Decoder model,
      QuantizationPlan plan,
      CalibrationSet data,
      ActivationStore store,
      DoubleConsumer progress,
      BlockWalk.Check check) {
    Choice choice = new Choice(model.spec(), model.tiedHead(), plan);
    BlockSensitivity sensitivity = new BlockSensitivity(model, data, store);
    List<Map<String, Double>> all = new ArrayList<>();
    for (int o = 0; o < options.size(); o++) {
      double done = o;
      all.add(
          options.get(o).scheme().isFloat()
              ? Map.of()
              : sensitivity.measure(
                  choice.schemes.get(o),
                  part -> progress.accept((done + part) / options.size()),
                  check));
    }
    return all;
  }

  /**
   * Chooses.
   *
   * @param plan the rules of layers that are fixed, and which layers are left float
   * @param scores as {@link #scores} gives them
   * @throws IllegalArgumentException if the average cannot be reached, there is nothing to choose,
   *     or the output head has no scheme
   */
  public Allocation allocate(
      DecoderSpec spec, boolean tied, QuantizationPlan plan, List<Map<String, Double>> scores) {
    Choice choice = new Choice(spec, tied, plan);
    Map<String, List<Layer>> items = items(choice, spec);
    List<BitAllocation.Item> costs = costs(items, choice, scores);
    int[] chosen = BitAllocation.choose(costs, budget(costs, choice));
    return allocation(plan, choice, new ArrayList<>(items.values()), chosen);
  }

  /**
   * Refuses what {@link #allocate} would refuse, before anything is measured.
   *
   * @throws IllegalArgumentException if the average cannot be reached, there is nothing to choose,
   *     or the output head has no scheme
   */
  public void requirePossible(DecoderSpec spec, boolean tied, QuantizationPlan plan) {
    Choice choice = new Choice(spec, tied, plan);
    List<Map<String, Double>> nothing = Collections.nCopies(options.size(), Map.of());
    budget(costs(items(choice, spec), choice, nothing), choice);
  }

  private Map<String, List<Layer>> items(Choice choice, DecoderSpec spec) {
    if (choice.headIsLeft) {
      // What layers have that no rule names would be given to it, and not be counted.
      throw new IllegalArgumentException(
          "the output head takes "
              + HEAD_BITS
              + " bits at least, and no scheme to choose from has so many; add one, or leave the"
              + " head float");
    }
    if (choice.layers.isEmpty()) {
      throw new IllegalArgumentException("there are no layers whose bits could be chosen");
    }
    Map<String, List<Layer>> items = new LinkedHashMap<>();
    for (Layer layer : choice.layers) {
      items.computeIfAbsent(item(layer, spec), k -> new ArrayList<>()).add(layer);
    }
    return items;
  }

  private List<BitAllocation.Item> costs(
      Map<String, List<Layer>> items, Choice choice, List<Map<String, Double>> scores) {
    List<BitAllocation.Item> costs = new ArrayList<>();
    for (List<Layer> layers : items.values()) {
      costs.add(item(layers, choice, scores));
    }
    return costs;
  }

  /** Bits that the layers to choose for may have. */
  private long budget(List<BitAllocation.Item> items, Choice choice) {
    long budget = budget(averageBits, choice.weights) - choice.fixedCost;
    long least = items.stream().mapToLong(BitAllocation.Item::least).sum();
    if (least > budget) {
      // Rounded up, so that it can be asked for.
      BigDecimal reachable =
          BigDecimal.valueOf(least + choice.fixedCost)
              .divide(BigDecimal.valueOf(choice.weights), DIGITS, RoundingMode.CEILING);
      throw new IllegalArgumentException(
          "an average of "
              + averageBits
              + " bits cannot be reached: the cheapest schemes take "
              + reachable.toPlainString()
              + (bareCodes ? "" : ", scales included"));
    }
    return budget;
  }

  /** All bits of so many weights, the average being the decimal that was written. */
  static long budget(double averageBits, long weights) {
    return BigDecimal.valueOf(averageBits)
        .multiply(BigDecimal.valueOf(weights))
        .setScale(0, RoundingMode.FLOOR)
        .longValueExact();
  }

  private Allocation allocation(
      QuantizationPlan plan, Choice choice, List<List<Layer>> items, int[] chosen) {
    Map<String, Integer> counts = new LinkedHashMap<>();
    options.forEach(o -> counts.put(o.name(), 0));
    Map<String, QuantScheme> schemes = new LinkedHashMap<>();
    long cost = choice.fixedCost;
    for (int i = 0; i < chosen.length; i++) {
      for (Layer layer : items.get(i)) {
        schemes.put(layer.name(), options.get(chosen[i]).of(layer.in()));
        counts.merge(options.get(chosen[i]).name(), 1, Integer::sum);
        cost += choice.cost(layer, chosen[i]);
      }
    }
    QuantizationPlan whole = plan.withSchemes(schemes);
    return new Allocation(whole, (double) cost / choice.weights, counts);
  }

  private BitAllocation.Item item(
      Collection<Layer> layers, Choice choice, List<Map<String, Double>> scores) {
    long[] costs = new long[options.size()];
    double[] sums = new double[options.size()];
    for (int o = 0; o < costs.length; o++) {
      for (Layer layer : layers) {
        boolean possible = costs[o] >= 0 && choice.allowed(layer, o);
        costs[o] = possible ? costs[o] + choice.cost(layer, o) : -1;
        double score = scores.get(o).getOrDefault(layer.name(), 0.0);
        // What has no finite gradient is worse than anything.
        sums[o] += Double.isFinite(score) ? score : Double.MAX_VALUE / (1 << 20);
      }
    }
    return new BitAllocation.Item(costs, sums);
  }

  /** What a layer shares its option with. */
  private String item(Layer layer, DecoderSpec spec) {
    Optional<String> experts = LinearSpec.experts(layer.name());
    if (experts.isPresent()) {
      return experts.get();
    }
    String block =
        spec.blocks().stream()
            .map(b -> b.name())
            .filter(b -> layer.name().startsWith(b + "."))
            .findFirst()
            .orElse("");
    String own = layer.name().substring(Math.min(layer.name().length(), block.length()));
    for (int i = 0; i < shared.size(); i++) {
      if (shared.get(i).stream().anyMatch(own::contains)) {
        return block + " shared " + i;
      }
    }
    return layer.name();
  }
}

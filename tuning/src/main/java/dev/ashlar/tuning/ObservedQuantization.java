package dev.ashlar.tuning;

import dev.ashlar.nn.decoder.Block;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tuning.layerwise.Layerwise;
import dev.ashlar.tuning.method.Activations;
import dev.ashlar.tuning.method.BlockQuantizer;
import dev.ashlar.tuning.method.Unit;
import dev.ashlar.tuning.method.UnitResult;
import dev.ashlar.tuning.plan.QuantizationPlan;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Quantizing for callers who own the loop: prepare a model whose layers observe, run it on whatever
 * data and in whatever way, convert. All layers observe the float model at once; there is no
 * cascade, and no unit sees what quantizing did to those before it. Not thread-safe.
 */
public final class ObservedQuantization {
  private final List<Layerwise.Observed> units = new ArrayList<>();
  private final Map<String, QuantScheme> schemes;
  private final List<String> idle;
  private final Decoder observed;
  private boolean converted;

  /**
   * Prepares {@code model}, all of whose blocks are read.
   *
   * @param seed decides all chance of the method
   * @throws IllegalArgumentException if a layer rule matches nothing, or the method refuses a
   *     scheme or needs more than to see each layer's input once
   */
  public ObservedQuantization(
      Decoder model, QuantizationPlan plan, BlockQuantizer quantizer, long seed) {
    if (!(quantizer instanceof Layerwise method) || !method.observesOnce()) {
      throw new IllegalArgumentException(
          "method '"
              + quantizer.title()
              + "' goes over the data by itself and cannot only observe");
    }
    UnitPlan settled = new UnitPlan(model.spec(), model.tiedHead(), plan, 1);
    this.schemes = settled.schemes();
    this.idle = settled.idle();
    if (InputRanges.needed(schemes.values())) {
      throw new IllegalArgumentException(
          "fixed scales of inputs are gathered by a run that goes over the data itself");
    }
    settled.requirePossible(quantizer);
    UnitRunner runner = new UnitRunner(quantizer, new RunOptions(1, 1, 1, true, seed));
    List<Block> blocks = new ArrayList<>();
    Decoder headed = model;
    for (UnitPlan.Entry entry : settled.units()) {
      Unit unit = entry.head() ? Unit.head(model) : Unit.of(List.of(model.block(entry.from())));
      Layerwise.Observed o =
          method.observed(
              runner.task(
                  entry,
                  unit,
                  Activations.zeros(0, 0, 0),
                  null,
                  new boolean[0][],
                  (i, n, l) -> {}));
      units.add(o);
      switch (o.unit()) {
        case Unit.Blocks b -> blocks.addAll(b.blocks());
        case Unit.Head h -> headed = h.decoder();
        default -> throw new IllegalStateException("a unit of another kind: " + o.unit().name());
      }
    }
    this.observed = headed.withBlocks(blocks);
  }

  /** The float model; running it shows every layer that will be quantized its inputs. */
  public Decoder observed() {
    return observed;
  }

  /** Parts of names that were to be left float and are in no layer's name. */
  public List<String> idle() {
    return idle;
  }

  /** Scheme of each layer that will be quantized, by complete module name, in the model's order. */
  public Map<String, QuantScheme> schemes() {
    return schemes;
  }

  /**
   * The codes that what was observed leads to, and tensors that changed with them; called once.
   *
   * @throws dev.ashlar.tuning.method.TuningException if a scale overflows
   * @throws IllegalStateException if it was called before
   */
  public UnitResult convert() {
    if (converted) {
      throw new IllegalStateException("the model was converted already; prepare it again");
    }
    converted = true;
    UnitResult all = UnitResult.of(Map.of());
    for (Layerwise.Observed unit : units) {
      all = all.and(unit.finish().get());
    }
    return all.inOrderOf(schemes.keySet());
  }
}

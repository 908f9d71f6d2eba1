package dev.ashlar.tuning;

import dev.ashlar.nn.decoder.Block;
import dev.ashlar.nn.decoder.BlockSpec;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.nn.decoder.LinearSpec;
import dev.ashlar.nn.layer.DenseWeight;
import dev.ashlar.nn.layer.Weight;
import dev.ashlar.nn.op.RoundInputs;
import dev.ashlar.tensor.quant.FileBlocks;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tuning.method.BlockQuantizer;
import dev.ashlar.tuning.method.Unit;
import dev.ashlar.tuning.method.UnitSize;
import dev.ashlar.tuning.plan.LayerShape;
import dev.ashlar.tuning.plan.QuantizationPlan;
import dev.ashlar.tuning.plan.QuantizationPlan.Decision;
import dev.ashlar.tuning.work.UnitStore;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What is to be done, settled before anything is computed and from the model's description alone:
 * which units there are in which order, and which layers of each get which scheme.
 */
public final class UnitPlan {
  /**
   * One unit.
   *
   * @param index its place, from 0
   * @param name of its first block, or of the head
   * @param from its first block; the number of blocks for the head
   * @param to behind its last block; the same as {@code from} for the head
   * @param schemes of its layers that are quantized, by complete module name, in the unit's order
   * @param quantized elements of the matrices of those layers
   * @param size how large it is
   */
  public record Entry(
      int index,
      String name,
      int from,
      int to,
      Map<String, QuantScheme> schemes,
      long quantized,
      UnitSize size) {
    public Entry {
      schemes = Collections.unmodifiableMap(new LinkedHashMap<>(schemes));
    }

    /** The same unit with other schemes for its layers. */
    Entry with(Map<String, QuantScheme> settled) {
      return new Entry(index, name, from, to, settled, quantized, size);
    }

    /** The same unit with everything to be done in it. */
    Entry whole(Collection<String> layers, QuantScheme scheme) {
      Map<String, QuantScheme> all = new LinkedHashMap<>();
      layers.forEach(name -> all.put(name, scheme));
      return new Entry(index, name, from, to, all, size.weights(), size);
    }

    /** The same unit with nothing to be done in it. */
    Entry idle() {
      return new Entry(index, name, from, to, Map.of(), 0, size);
    }

    /** Whether the method chooses codes here, and not only the file. */
    boolean hasCodes() {
      return schemes.values().stream().anyMatch(QuantScheme::hasCodes);
    }

    /** Whether it is the output head, which is tuned sample by sample. */
    public boolean head() {
      return from == to;
    }

    /** The unit itself, its blocks fresh from the model's source. */
    public Unit load(Decoder model) {
      if (head()) {
        // Floats are made once, and not each time that a method asks for the layer.
        return Unit.head(model)
            .mapWeights((name, w) -> w.floats().<Weight>map(DenseWeight::new).orElse(w));
      }
      List<Block> blocks = new ArrayList<>();
      for (int i = from; i < to; i++) {
        blocks.add(model.loadBlock(i));
      }
      return Unit.of(blocks);
    }
  }

  private final DecoderSpec spec;
  private final List<Entry> units;
  private final Map<String, QuantScheme> schemes = new LinkedHashMap<>();
  private final Map<String, String> skipped = new LinkedHashMap<>();
  private final List<String> idle;

  /**
   * @param tied whether the head's matrix is the embedding's
   * @param nblocks blocks of one unit
   * @throws IllegalArgumentException if a layer rule matches nothing
   */
  public UnitPlan(DecoderSpec spec, boolean tied, QuantizationPlan plan, int nblocks) {
    this.spec = spec;
    List<String> names = names();
    this.idle = plan.idleParts(names);
    boolean head = decide(plan.forLayers(names), tied);
    List<Entry> entries = new ArrayList<>();
    int blocks = spec.blocks().size();
    for (int from = 0; from < blocks; from += nblocks) {
      entries.add(blocks(entries.size(), from, Math.min(blocks, from + nblocks)));
    }
    if (head) {
      String name = spec.head().output().name();
      UnitSize size = new UnitSize((long) spec.vocab() * headInputs(), spec.vocab(), spec.dim());
      Map<String, QuantScheme> own = Map.of(name, schemes.get(name));
      entries.add(new Entry(entries.size(), name, blocks, blocks, own, size.weights(), size));
    }
    this.units = List.copyOf(entries);
  }

  private int headInputs() {
    return spec.head().output().in();
  }

  private Entry blocks(int index, int from, int to) {
    Map<String, QuantScheme> own = new LinkedHashMap<>();
    long weights = 0;
    long quantized = 0;
    long widths = 0;
    for (BlockSpec block : spec.blocks().subList(from, to)) {
      for (LinearSpec l : block.linears()) {
        String name = block.name() + "." + l.name();
        if (schemes.containsKey(name)) {
          own.put(name, schemes.get(name));
          quantized += (long) l.out() * l.in();
        }
        weights += (long) l.out() * l.in();
        widths += l.out();
      }
    }
    UnitSize size = new UnitSize(weights, widths, spec.dim());
    return new Entry(index, spec.blocks().get(from).name(), from, to, own, quantized, size);
  }

  /** Complete names of all linear layers, the head last. */
  private List<String> names() {
    List<String> names = new ArrayList<>();
    for (BlockSpec block : spec.blocks()) {
      block.linears().forEach(l -> names.add(block.name() + "." + l.name()));
    }
    names.add(spec.head().output().name());
    return names;
  }

  private boolean decide(QuantizationPlan plan, boolean tied) {
    for (int i = 0; i < spec.blocks().size(); i++) {
      BlockSpec block = spec.blocks().get(i);
      Set<String> routers = block.routers();
      for (LinearSpec l : block.linears()) {
        boolean routes = routers.contains(l.name());
        LayerShape layer = new LayerShape(block.name() + "." + l.name(), l.out(), l.in(), routes);
        note(layer, plan.decide(layer, i));
      }
    }
    LinearSpec output = spec.head().output();
    LayerShape head = new LayerShape(output.name(), spec.vocab(), output.in());
    Decision decision = plan.decideHead(head, tied);
    if (plan.asksForHead(head.name())) {
      note(head, decision);
    }
    return decision.quantized();
  }

  private void note(LayerShape layer, Decision decision) {
    if (decision.quantized()) {
      schemes.put(layer.name(), decision.scheme());
    } else {
      skipped.put(layer.name(), decision.reason());
    }
  }

  /** All units, in the order in which data flow through them. */
  public List<Entry> units() {
    return units;
  }

  /**
   * How many units there are up to the last in which anything is to be done: data need go no
   * further.
   */
  public int reach() {
    int reach = units.size();
    while (reach > 0 && units.get(reach - 1).schemes().isEmpty()) {
      reach--;
    }
    return reach;
  }

  /** The same with nothing to be done in those that seem to be in a store already. */
  public List<Entry> left(Optional<? extends UnitStore> work) {
    return units.stream()
        .map(u -> work.filter(w -> w.seemsToHave(u.index())).isPresent() ? u.idle() : u)
        .toList();
  }

  /** Scheme of each layer that is quantized, by complete module name, in the model's order. */
  public Map<String, QuantScheme> schemes() {
    return new LinkedHashMap<>(schemes);
  }

  /** Layers of blocks (and the head, if it was asked for) that stay float, with the reason. */
  public Map<String, String> skipped() {
    return new LinkedHashMap<>(skipped);
  }

  /** Parts of names that were to be left float and are in no layer's name. */
  public List<String> idle() {
    return idle;
  }

  /**
   * Refuses schemes that a method cannot do.
   *
   * @throws IllegalArgumentException with the method's reason, naming the scheme
   */
  void requirePossible(BlockQuantizer quantizer) {
    requirePossible(quantizer, schemes.values());
  }

  /** The same for schemes that were found otherwise. What a file rounds itself asks no method. */
  public static void requirePossible(BlockQuantizer quantizer, Collection<QuantScheme> schemes) {
    for (QuantScheme scheme : schemes) {
      if (scheme instanceof FileBlocks) {
        continue;
      }
      quantizer
          .refusal(scheme)
          .or(() -> scheme.activations().flatMap(RoundInputs::refusal))
          .ifPresent(
              reason -> {
                throw new IllegalArgumentException(
                    "method '" + quantizer.title() + "' " + reason + " (" + scheme + ")");
              });
    }
  }

  /** A size that no unit exceeds. */
  public UnitSize largest() {
    return units.stream().map(Entry::size).reduce(new UnitSize(0, 0, spec.dim()), UnitSize::max);
  }
}

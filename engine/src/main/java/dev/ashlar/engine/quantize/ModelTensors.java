package dev.ashlar.engine.quantize;

import dev.ashlar.formats.export.ExportPlan;
import dev.ashlar.nn.decoder.BlockSpec;
import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.nn.decoder.LinearSpec;
import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.quant.Unquantized;
import dev.ashlar.tensor.weights.StoredTensor;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Which tensor of a checkpoint holds which linear maps, and what each tensor is called in an
 * export: checkpoints of bare models leave out the prefix that models have.
 */
final class ModelTensors {
  private static final String WEIGHT = ".weight";

  private final Map<String, List<StoredLinear>> linears = new LinkedHashMap<>();
  private final String added;
  private final String head;

  /**
   * @param added what the checkpoint leaves out of all names but the head's
   * @param head module name of the output head
   */
  private ModelTensors(String added, String head) {
    this.added = added;
    this.head = head;
  }

  /** The tensors of a model of a known family. */
  static ModelTensors of(DecoderSpec spec, WeightSource source) {
    String table = spec.embedding().name() + WEIGHT;
    boolean bare = !spec.storedName(table, source).equals(table);
    String head = spec.head().output().name();
    ModelTensors tensors = new ModelTensors(bare ? spec.prefix() : "", head);
    for (BlockSpec block : spec.blocks()) {
      Set<String> routers = block.routers();
      for (LinearSpec l : block.linears()) {
        tensors.add(spec, source, block.name() + ".", l, routers.contains(l.name()));
      }
    }
    if (source.find(head + WEIGHT).isPresent()) {
      tensors.add(spec, source, "", spec.head().output(), false);
    }
    return tensors;
  }

  /**
   * The tensors of a model of any family, as their names and shapes tell; see {@link LinearNames}.
   */
  static ModelTensors guessed(WeightSource source) {
    List<StoredLinear> found = new ArrayList<>();
    String head = "lm_head";
    for (String name : source.names()) {
      Shape shape = source.tensor(name).shape();
      if (name.endsWith(WEIGHT) && shape.rank() == 2) {
        String module = name.substring(0, name.length() - WEIGHT.length());
        LinearNames.Kind kind = LinearNames.kind(module);
        int out = Math.toIntExact(shape.dim(0));
        int in = Math.toIntExact(shape.dim(1));
        boolean routes = kind == LinearNames.Kind.ROUTER;
        if (routes || kind == LinearNames.Kind.LINEAR || kind == LinearNames.Kind.HEAD) {
          found.add(new StoredLinear(module, name, out, in, false, false, 0, routes));
        }
        head = kind == LinearNames.Kind.HEAD ? module : head;
      }
    }
    ModelTensors tensors = new ModelTensors("", head);
    found.forEach(tensors::add);
    return tensors;
  }

  private void add(
      DecoderSpec spec, WeightSource source, String parent, LinearSpec l, boolean routes) {
    Optional<LinearSpec.Stack> stack = l.stack();
    String own = parent + stack.map(LinearSpec.Stack::weight).orElse(l.name() + WEIGHT);
    add(
        new StoredLinear(
            parent + l.name(),
            spec.storedName(own, source),
            l.out(),
            l.in(),
            l.transposed(),
            stack.isPresent(),
            stack.map(LinearSpec.Stack::index).orElse(0),
            routes));
  }

  private void add(StoredLinear linear) {
    linears.computeIfAbsent(linear.tensor(), t -> new ArrayList<>()).add(linear);
  }

  /** The linear maps of all blocks, and the head if it has a tensor of its own. */
  List<StoredLinear> linears() {
    return linears.values().stream().flatMap(List::stream).toList();
  }

  /** The linear maps that lie in that tensor; none for most. */
  List<StoredLinear> in(String tensor) {
    return linears.getOrDefault(tensor, List.of());
  }

  /**
   * What the export has to state: every linear map of the blocks, and the head if it is quantized.
   * Maps that stay in a stack are none of their own.
   *
   * @param base the scheme that most have
   * @param schemes of those that are quantized, by module name
   */
  ExportPlan plan(
      QuantScheme base, Map<String, QuantScheme> schemes, Map<String, Object> settings) {
    Map<String, QuantScheme> all = new LinkedHashMap<>();
    for (StoredLinear l : linears()) {
      boolean stays =
          l.stacked() && in(l.tensor()).stream().noneMatch(o -> schemes.containsKey(o.module()));
      boolean plainHead = l.module().equals(head) && !schemes.containsKey(head);
      if (!stays && !plainHead) {
        all.put(l.module(), schemes.getOrDefault(l.module(), new Unquantized()));
      }
    }
    // Those of a stack get tensors of their own, which are never turned.
    Set<String> turned = new HashSet<>();
    linears().stream()
        .filter(l -> l.transposed() && !l.stacked())
        .forEach(l -> turned.add(l.module()));
    return new ExportPlan(base, all, settings, turned);
  }

  /** Module name of the output head. */
  String head() {
    return head;
  }

  /** The tensor under the name that it has in an export. */
  StoredTensor named(StoredTensor tensor) {
    boolean whole = added.isEmpty() || tensor.name().startsWith(added);
    return whole || tensor.name().startsWith(head + ".")
        ? tensor
        : tensor.renamed(added + tensor.name());
  }

  /** What those tensors of the source are called in an export. */
  Set<String> named(Set<String> names, WeightSource source) {
    Set<String> named = new HashSet<>();
    names.forEach(name -> named.add(named(source.tensor(name)).name()));
    return named;
  }
}

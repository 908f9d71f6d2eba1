package dev.ashlar.engine.quantize;

import dev.ashlar.formats.export.ExportFormat;
import dev.ashlar.formats.export.ExportPlan;
import dev.ashlar.nn.architecture.Architecture;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.BlockSpec;
import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.nn.decoder.LinearSpec;
import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.quant.Unquantized;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * Which tensor of a checkpoint holds which linear maps, and what each tensor is called in an
 * export: checkpoints of bare models leave out the prefix that models have.
 */
final class ModelTensors {
  private static final String WEIGHT = ".weight";

  private final Map<String, List<StoredLinear>> linears = new LinkedHashMap<>();
  private final Map<String, List<StoredLinear>> biases = new LinkedHashMap<>();
  private final Map<String, String> stacks = new HashMap<>();
  private final String added;
  private final String head;
  private final Optional<Architecture> family;
  private final Map<String, String> renamed;
  private final Map<String, Object> corrections;

  /**
   * @param added what the checkpoint leaves out of all names but the head's
   * @param head module name of the output head
   * @param family knows what others call tensors; empty if nobody described it
   * @param renamed tensors that an export calls otherwise
   * @param corrections of the configuration
   */
  private ModelTensors(
      String added,
      String head,
      Optional<Architecture> family,
      Map<String, String> renamed,
      Map<String, Object> corrections) {
    this.added = added;
    this.head = head;
    this.family = family;
    this.renamed = renamed;
    this.corrections = corrections;
  }

  /** The tensors of a model of a known family. */
  static ModelTensors of(DecoderSpec spec, WeightSource source) {
    String table = spec.embedding().name() + WEIGHT;
    String stored = spec.storedName(table, source);
    String head = spec.head().output().name();
    // Of a tied pair that is stored as the head, exports have the embedding, as all readers know
    // it.
    boolean onlyHead = stored.equals(head + WEIGHT);
    boolean bare = !onlyHead && !stored.equals(table);
    ModelTensors tensors =
        new ModelTensors(
            bare ? spec.prefix() : "",
            head,
            Architectures.find(spec.modelType()),
            onlyHead ? Map.of(stored, table) : Map.of(),
            Architectures.corrections(spec, source));
    for (BlockSpec block : spec.blocks()) {
      Set<String> routers = block.routers();
      for (LinearSpec l : block.linears()) {
        tensors.add(spec, source, block.name() + ".", l, routers.contains(l.name()));
      }
    }
    if (!onlyHead && source.find(head + WEIGHT).isPresent()) {
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
          found.add(StoredLinear.alone(module, name, out, in, routes));
        }
        head = kind == LinearNames.Kind.HEAD ? module : head;
      }
    }
    ModelTensors tensors = new ModelTensors("", head, Optional.empty(), Map.of(), Map.of());
    found.forEach(tensors::add);
    return tensors;
  }

  private void add(
      DecoderSpec spec, WeightSource source, String parent, LinearSpec l, boolean routes) {
    Optional<LinearSpec.Stack> stack =
        l.stack()
            .filter(s -> source.find(spec.storedName(parent + s.weight(), source)).isPresent());
    String own = parent + stack.map(LinearSpec.Stack::weight).orElse(l.name() + WEIGHT);
    StoredLinear linear =
        new StoredLinear(
            parent + l.name(),
            spec.storedName(own, source),
            l.out(),
            l.in(),
            l.transposed() && stack.isPresent() == l.stack().isPresent(),
            stack.isPresent(),
            stack.map(LinearSpec.Stack::index).orElse(0),
            stack.map(LinearSpec.Stack::first).orElse(0),
            stack.map(LinearSpec.Stack::outputs).orElse(l.out()),
            routes);
    add(linear);
    if (stack.isPresent() && l.bias()) {
      String bias = spec.storedName(parent + stack.get().bias(), source);
      biases.computeIfAbsent(bias, b -> new ArrayList<>()).add(linear);
    }
  }

  private void add(StoredLinear linear) {
    linears.computeIfAbsent(linear.tensor(), t -> new ArrayList<>()).add(linear);
    if (linear.stacked()) {
      stacks.put(linear.module(), linear.tensor());
    }
  }

  /** The linear maps of all blocks, and the head if it has a tensor of its own. */
  List<StoredLinear> linears() {
    return linears.values().stream().flatMap(List::stream).toList();
  }

  /** The linear maps that lie in that tensor; none for most. */
  List<StoredLinear> in(String tensor) {
    return linears.getOrDefault(tensor, List.of());
  }

  /** The linear maps whose biases lie in that tensor, stacked; none for most. */
  List<StoredLinear> biasesIn(String tensor) {
    return biases.getOrDefault(tensor, List.of());
  }

  /** Whether the tensor holds several maps, or their biases. */
  boolean isStack(String tensor) {
    return biases.containsKey(tensor) || in(tensor).stream().anyMatch(StoredLinear::stacked);
  }

  /** The tensor in which the map lies with others. */
  Optional<String> stackOf(String module) {
    return Optional.ofNullable(stacks.get(module));
  }

  /**
   * What the readers of a format call a tensor or module of this model.
   *
   * @param published whether the family's own names are asked for wherever there are two
   */
  UnaryOperator<String> spelling(ExportFormat format, boolean published) {
    return spelling(format.packs() && !format.knowsPublishedNames() && !published);
  }

  /**
   * What the readers of a folder call a tensor or module of this model.
   *
   * @param loaders whether they are loaders of packed weights, and not of the family's own files
   */
  private UnaryOperator<String> spelling(boolean loaders) {
    return family
        .<UnaryOperator<String>>map(f -> loaders ? f::loaded : f::published)
        .orElse(UnaryOperator.identity());
  }

  /** Whether loaders of packed weights have other names than the family's own files. */
  boolean isSpelledInTwoWays() {
    UnaryOperator<String> loaders = spelling(true);
    UnaryOperator<String> files = spelling(false);
    return linears().stream()
        .map(StoredLinear::module)
        .anyMatch(module -> !loaders.apply(module).equals(files.apply(module)));
  }

  /**
   * What the export has to state: every linear map of the blocks, and the head if it is quantized.
   *
   * @param base the scheme that most have
   * @param schemes of those that are quantized, by module name
   */
  ExportPlan plan(
      QuantScheme base, Map<String, QuantScheme> schemes, Map<String, Object> settings) {
    Map<String, QuantScheme> all = new LinkedHashMap<>();
    for (StoredLinear l : linears()) {
      if (!l.module().equals(head) || schemes.containsKey(head)) {
        all.put(l.module(), schemes.getOrDefault(l.module(), new Unquantized()));
      }
    }
    // Those of a stack get tensors of their own, which are never turned.
    Set<String> turned = new HashSet<>();
    linears().stream()
        .filter(l -> l.transposed() && !l.stacked())
        .forEach(l -> turned.add(l.module()));
    return new ExportPlan(base, all, settings, turned, corrections);
  }

  /** Module name of the output head. */
  String head() {
    return head;
  }

  /** The name of one of the source's tensors in an export: with what bare models leave out. */
  String whole(String name) {
    if (renamed.containsKey(name)) {
      return renamed.get(name);
    }
    boolean whole = added.isEmpty() || name.startsWith(added) || name.startsWith(head + ".");
    return whole ? name : added + name;
  }

  /** The same for several. */
  Set<String> whole(Set<String> names) {
    Set<String> whole = new HashSet<>();
    names.forEach(name -> whole.add(whole(name)));
    return whole;
  }
}

package dev.ashlar.engine.inspect;

import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.io.InputException;
import dev.ashlar.nn.architecture.Architecture;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.BlockSpec;
import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.nn.decoder.LinearSpec;
import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tensor.weights.StoredTensor;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/**
 * The tensors of a checkpoint by the names that the loaders of its family give them, so that two
 * checkpoints of a model have the same whatever their containers: packed maps are those of their
 * modules, experts that lie stacked come one by one, matrices that lie turned are turned.
 */
public final class Units {
  private static final String WEIGHT = ".weight";
  private static final String BIAS = ".bias";

  private final Checkpoint source;
  private final Optional<DecoderSpec> spec;
  private final Optional<Architecture> family;
  private final Map<String, Unit> units = new LinkedHashMap<>();

  /** Stored names of tensors and modules that became units. */
  private final Set<String> taken = new HashSet<>();

  /** Complete names of all that the specification speaks of. */
  private final Set<String> complete;

  private Units(Checkpoint source, Optional<DecoderSpec> spec) {
    this.source = source;
    this.spec = spec;
    this.complete = spec.map(DecoderSpec::tensors).orElse(Set.of());
    this.family = spec.flatMap(s -> Architectures.find(s.modelType()));
  }

  /**
   * All units by their names, in the order of the decoder and then of the file. Of a family that is
   * not known, tensors keep the names that they have.
   */
  public static Map<String, Unit> of(Checkpoint source) {
    Units all = new Units(source, described(source));
    all.spec.ifPresent(all::decoder);
    all.rest();
    return all.units;
  }

  /**
   * Names of units that are the embedding once more: of the head of a model that ties the two,
   * which some files of it have and others leave out.
   */
  static Set<String> repeated(Checkpoint source) {
    Units all = new Units(source, described(source));
    return all.spec
        .filter(s -> s.head().tied())
        .map(s -> Set.of(all.loaded(s.head().output().name() + WEIGHT)))
        .orElse(Set.of());
  }

  private static Optional<DecoderSpec> described(Checkpoint source) {
    try {
      return Optional.of(Architectures.spec(source));
    } catch (InputException e) {
      return Optional.empty();
    }
  }

  private void decoder(DecoderSpec s) {
    String embedding = s.embedding().name();
    tensor(s, embedding + WEIGHT, Part.EMBEDDING);
    s.embedding().learned().ifPresent(l -> tensor(s, l.name() + WEIGHT, Part.EMBEDDING));
    s.embedding().projection().ifPresent(p -> linear(s, "", p, Part.EMBEDDING));
    s.embedding().norm().ifPresent(n -> norm(s, n.name()));
    for (BlockSpec block : s.blocks()) {
      String parent = block.name() + ".";
      Set<LinearSpec> attention = Set.copyOf(block.attention().linears());
      Part forward = block.routers().isEmpty() ? Part.MLP : Part.EXPERTS;
      for (LinearSpec l : block.linears()) {
        linear(s, parent, l, attention.contains(l) ? Part.ATTENTION : forward);
      }
      block.norms().forEach(n -> norm(s, parent + n.name()));
      beside(s, parent, forward);
    }
    s.head().norm().ifPresent(n -> norm(s, n.name()));
    s.head().projection().ifPresent(p -> linear(s, "", p, Part.HEAD));
    linear(s, "", s.head().output(), Part.HEAD);
  }

  /** What the specification names in a block beside maps and norms: sinks, and corrections. */
  private void beside(DecoderSpec s, String parent, Part part) {
    for (String name : complete) {
      if (name.startsWith(parent) && !units.containsKey(loaded(name))) {
        tensor(s, name, name.endsWith("sinks") ? Part.ATTENTION : part);
      }
    }
  }

  private void norm(DecoderSpec s, String module) {
    for (String name : complete) {
      if (name.startsWith(module + ".")) {
        tensor(s, name, Part.NORMS);
      }
    }
  }

  /** A tensor that is taken as it lies, if it is there and nothing else's. */
  private void tensor(DecoderSpec s, String name, Part part) {
    String stored = s.storedName(name, source);
    if (!taken.contains(stored)) {
      source.find(stored).ifPresent(t -> asStored(name, part, t));
    }
  }

  private void linear(DecoderSpec s, String parent, LinearSpec l, Part part) {
    String module = parent + l.name();
    String packed = s.storedName(module, source);
    String own = s.storedName(module + WEIGHT, source);
    Optional<LinearSpec.Stack> stack = l.stack();
    if (source.quantizedNames().contains(packed)) {
      packed(module, packed, part);
    } else if (source.find(own).isPresent() && !taken.contains(own)) {
      boolean turned = l.transposed() && stack.isEmpty();
      if (turned) {
        turned(module + WEIGHT, part, source.tensor(own));
      } else {
        asStored(module + WEIGHT, part, source.tensor(own));
      }
    } else if (stack.isPresent()) {
      source
          .find(s.storedName(parent + stack.get().weight(), source))
          .ifPresent(t -> sliced(module + WEIGHT, part, l, stack.get(), t));
    }
    String bias = module + BIAS;
    tensor(s, bias, part);
    if (stack.isPresent() && l.bias() && !units.containsKey(loaded(bias))) {
      source
          .find(s.storedName(parent + stack.get().bias(), source))
          .ifPresent(t -> biases(bias, part, l, stack.get(), t));
    }
  }

  /** What no specification speaks of. */
  private void rest() {
    for (String name : source.names()) {
      if (!taken.contains(name)) {
        asStored(name, spec.isPresent() ? Part.OTHER : Part.guessed(name), source.tensor(name));
      }
    }
    for (String module : source.quantizedNames()) {
      if (!taken.contains(module)) {
        packed(module, module, spec.isPresent() ? Part.OTHER : Part.guessed(module));
      }
    }
  }

  private String loaded(String name) {
    return family.map(f -> f.loaded(name)).orElse(name);
  }

  private void add(
      String name,
      Part part,
      Shape shape,
      Supplier<String> storage,
      long bytes,
      Supplier<Unit.Rows> rows,
      Supplier<Optional<QuantizedMatrix>> codes) {
    String known = loaded(name);
    units.put(known, new Unit(known, part, shape, storage, bytes, rows, codes));
  }

  private void asStored(String name, Part part, StoredTensor t) {
    taken.add(t.name());
    int columns = t.shape().rank() == 0 ? 1 : Math.toIntExact(t.shape().dim(-1));
    Unit.Rows rows = (row, to) -> t.read((long) row * columns, to, 0, columns);
    add(name, part, t.shape(), t::storage, t.byteSize(), () -> rows, t::quantized);
  }

  private void turned(String name, Part part, StoredTensor t) {
    taken.add(t.name());
    if (t.shape().rank() != 2) {
      throw fault(t, "a matrix");
    }
    Shape shape = Shape.of(t.shape().dim(1), t.shape().dim(0));
    add(name, part, shape, t::storage, t.byteSize(), () -> columns(t.toTensor()), Optional::empty);
  }

  private static Unit.Rows columns(Tensor values) {
    int in = values.dim(0);
    int out = values.dim(1);
    return (row, to) -> {
      for (int i = 0; i < in; i++) {
        to[i] = values.data()[i * out + row];
      }
    };
  }

  private void packed(String module, String stored, Part part) {
    taken.add(stored);
    // Of a map that is stored twice, the packed one counts.
    taken.add(stored + WEIGHT);
    add(
        module + WEIGHT,
        part,
        source.quantizedShape(stored).orElseThrow(),
        () -> source.quantized(stored).map(Units::scheme).orElseThrow(),
        source.quantizedBytes(stored),
        () -> weights(source.quantized(stored).orElseThrow()),
        () -> source.quantized(stored));
  }

  private static String scheme(QuantizedMatrix q) {
    return q.described().map(QuantScheme::toString).orElse(q.kind());
  }

  private static Unit.Rows weights(QuantizedMatrix q) {
    return (row, to) -> {
      q.readRow(row, to, 0);
      q.outliers().ifPresent(o -> o.addTo(row, to, 0));
    };
  }

  /** One map of a tensor that holds several. */
  private void sliced(
      String name, Part part, LinearSpec l, LinearSpec.Stack stack, StoredTensor t) {
    taken.add(t.name());
    long columns = l.transposed() ? stack.outputs() : l.in();
    requireShape(t, Shape.of(stack.count(), l.transposed() ? l.in() : stack.outputs(), columns));
    long map = (long) stack.index() * stack.outputs() * l.in();
    long bytes = share(t, (long) l.out() * l.in());
    Shape shape = Shape.of(l.out(), l.in());
    if (!l.transposed()) {
      long from = map + (long) stack.first() * l.in();
      Unit.Rows rows = (row, to) -> t.read(from + (long) row * l.in(), to, 0, l.in());
      add(name, part, shape, t::storage, bytes, () -> rows, Optional::empty);
      return;
    }
    add(
        name,
        part,
        shape,
        t::storage,
        bytes,
        () -> {
          Tensor some = Tensor.zeros(l.in(), l.out());
          for (int i = 0; i < l.in(); i++) {
            t.read(
                map + (long) i * stack.outputs() + stack.first(),
                some.data(),
                i * l.out(),
                l.out());
          }
          return columns(some);
        },
        Optional::empty);
  }

  private void biases(
      String name, Part part, LinearSpec l, LinearSpec.Stack stack, StoredTensor t) {
    taken.add(t.name());
    requireShape(t, Shape.of(stack.count(), stack.outputs()));
    long from = (long) stack.index() * stack.outputs() + stack.first();
    Unit.Rows rows = (row, to) -> t.read(from, to, 0, l.out());
    add(name, part, Shape.of(l.out()), t::storage, share(t, l.out()), () -> rows, Optional::empty);
  }

  private void requireShape(StoredTensor t, Shape expected) {
    if (!t.shape().equals(expected)) {
      throw fault(t, "shape " + expected);
    }
  }

  private InputException fault(StoredTensor t, String expected) {
    return source.fault(
        t.name(),
        expected,
        "shape " + t.shape(),
        "the model is damaged, or its configuration is another model's");
  }

  private static long share(StoredTensor t, long elements) {
    return Math.round((double) t.byteSize() * elements / t.shape().size());
  }
}

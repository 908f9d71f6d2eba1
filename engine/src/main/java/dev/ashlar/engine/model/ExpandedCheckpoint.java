package dev.ashlar.engine.model;

import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.io.InputException;
import dev.ashlar.nn.architecture.Architecture;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.BlockSpec;
import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.nn.decoder.LinearSpec;
import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tensor.weights.StoredTensor;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/**
 * A packed checkpoint as the floats that its family's own files would hold: matrices that lie
 * turned there are turned, experts that lie stacked there are stacked, and all have the names that
 * they have there. Programs that read the family read the copy then.
 */
final class ExpandedCheckpoint extends RenamedCheckpoint {
  private static final String WEIGHT = ".weight";

  private final Architecture family;
  private final Checkpoint source;

  /** Tensors and packed modules, by their names here, that are part of others instead. */
  private final Set<String> taken = new HashSet<>();

  private final Map<String, StoredTensor> made = new LinkedHashMap<>();

  /** What is not there of the present block, and the stacks that it would be a part of. */
  private final Map<String, String> absent = new LinkedHashMap<>();

  private ExpandedCheckpoint(Checkpoint source, DecoderSpec spec, Architecture family) {
    super(source, family::published);
    this.source = source;
    this.family = family;
    for (BlockSpec block : spec.blocks()) {
      Map<String, StackedTensor> stacks = new LinkedHashMap<>();
      for (LinearSpec l : block.linears()) {
        if (l.stack().isPresent()) {
          stacked(spec, block.name() + ".", l, stacks);
        } else if (l.transposed()) {
          turned(spec.storedName(block.name() + "." + l.name(), source));
        }
      }
      absent.forEach(
          (name, stack) -> {
            if (stacks.containsKey(stack)) {
              // Else zeros would stand in its place.
              throw source.fault(
                  name,
                  "the tensor, since others are there that " + stack + " is made of",
                  "none",
                  "the model is incomplete: download it again");
            }
          });
      absent.clear();
      stacks.values().forEach(this::add);
    }
  }

  /**
   * The same; floats, and those of a family that is not known, only {@link CorrectedCheckpoint}.
   */
  static Checkpoint of(Checkpoint stored) {
    Checkpoint source = CorrectedCheckpoint.of(stored);
    if (source.quantizedNames().isEmpty()) {
      return source;
    }
    DecoderSpec spec;
    try {
      spec = Architectures.spec(source);
    } catch (InputException e) {
      return source;
    }
    return Architectures.find(spec.modelType())
        .<Checkpoint>map(family -> new ExpandedCheckpoint(source, spec, family))
        .orElse(source);
  }

  private void add(StoredTensor tensor) {
    made.put(tensor.name(), tensor);
  }

  private void turned(String module) {
    source
        .quantized(module)
        .ifPresent(
            q -> {
              taken.add(family.published(module));
              Shape shape = Shape.of(q.in(), q.out());
              StackedTensor tensor =
                  new StackedTensor(family.published(module + WEIGHT), shape, shape);
              tensor.put(0, 0, true, matrix(module));
              add(tensor);
            });
  }

  private void stacked(
      DecoderSpec spec, String parent, LinearSpec l, Map<String, StackedTensor> stacks) {
    LinearSpec.Stack stack = l.stack().orElseThrow();
    String module = spec.storedName(parent + l.name(), source);
    boolean packed = source.quantizedNames().contains(module);
    if (!packed && source.find(module + WEIGHT).isEmpty()) {
      absent.put(module + WEIGHT, family.published(parent + stack.weight()));
      return;
    }
    taken.add(family.published(packed ? module : module + WEIGHT));
    String name = family.published(parent + stack.weight());
    int rows = l.transposed() ? l.in() : stack.outputs();
    int columns = l.transposed() ? stack.outputs() : l.in();
    Shape all = Shape.of(stack.count(), rows, columns);
    stacks
        .computeIfAbsent(name, n -> new StackedTensor(n, all, Shape.of(rows, columns)))
        .put(stack.index(), stack.first(), l.transposed(), matrix(module));
    if (l.bias()) {
      bias(parent, module, stack, stacks);
    }
  }

  private void bias(
      String parent, String module, LinearSpec.Stack stack, Map<String, StackedTensor> stacks) {
    String biases = family.published(parent + stack.bias());
    Optional<StoredTensor> bias = source.find(module + ".bias");
    if (bias.isEmpty()) {
      absent.put(module + ".bias", biases);
      return;
    }
    taken.add(family.published(bias.get().name()));
    Shape one = Shape.of(stack.outputs());
    Shape each = Shape.of(stack.count(), stack.outputs());
    stacks
        .computeIfAbsent(biases, n -> new StackedTensor(n, each, one))
        .put(stack.index(), stack.first(), false, bias.get()::toTensor);
  }

  private Supplier<Tensor> matrix(String module) {
    return () ->
        source
            .quantized(module)
            .map(QuantizedMatrix::dequantize)
            .orElseGet(() -> source.tensor(module + WEIGHT).toTensor());
  }

  @Override
  public Set<String> names() {
    Set<String> names = new LinkedHashSet<>(super.names());
    names.removeAll(taken);
    names.addAll(made.keySet());
    return names;
  }

  @Override
  public Optional<StoredTensor> find(String name) {
    return made.containsKey(name) ? Optional.of(made.get(name)) : super.find(name);
  }

  @Override
  public Set<String> quantizedNames() {
    Set<String> names = new LinkedHashSet<>(super.quantizedNames());
    names.removeAll(taken);
    return names;
  }
}

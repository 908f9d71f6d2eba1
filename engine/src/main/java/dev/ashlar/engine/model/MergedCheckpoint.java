package dev.ashlar.engine.model;

import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.nn.decoder.LinearSpec;
import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tensor.weights.StoredTensor;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * A checkpoint with adapters added to its weights, which are floats then: a map that was packed is
 * a tensor in the orientation of the family's own files.
 */
final class MergedCheckpoint extends RenamedCheckpoint {
  private static final String WEIGHT = ".weight";

  private final Checkpoint source;
  private final Map<String, MergedTensor> merged = new LinkedHashMap<>();
  private final Set<String> unpacked = new LinkedHashSet<>();

  private MergedCheckpoint(Checkpoint source) {
    super(source, UnaryOperator.identity());
    this.source = source;
  }

  /**
   * The same.
   *
   * @param spec of the model as {@code source} spells it
   * @param changes by the names that the model knows its maps by
   */
  static Checkpoint of(
      Checkpoint source, DecoderSpec spec, Map<String, List<AppliedAdapters.Change>> changes) {
    MergedCheckpoint made = new MergedCheckpoint(source);
    AdaptedModules modules = new AdaptedModules(spec, source);
    changes.forEach(
        (name, list) -> {
          String module = modules.find(name).orElseThrow();
          made.merge(spec, module, modules.map(module), list);
        });
    return made;
  }

  private void merge(
      DecoderSpec spec, String module, LinearSpec map, List<AppliedAdapters.Change> list) {
    String packed = spec.storedName(module, source);
    String own = spec.storedName(module + WEIGHT, source);
    if (source.quantizedNames().contains(packed)) {
      boolean turned = map.transposed();
      Shape shape = turned ? Shape.of(map.in(), map.out()) : Shape.of(map.out(), map.in());
      StackedTensor floats = new StackedTensor(packed + WEIGHT, shape, shape);
      floats.put(
          0,
          0,
          turned,
          () -> source.quantized(packed).map(QuantizedMatrix::dequantize).orElseThrow());
      unpacked.add(packed);
      add(packed + WEIGHT, floats, list, turned, 0, turned ? map.out() : map.in());
    } else if (map.stack().isEmpty() || source.find(own).isPresent()) {
      boolean turned = map.transposed() && map.stack().isEmpty();
      add(own, source.tensor(own), list, turned, 0, turned ? map.out() : map.in());
    } else {
      LinearSpec.Stack stack = map.stack().get();
      String parent = module.substring(0, module.length() - map.name().length());
      String name = spec.storedName(parent + stack.weight(), source);
      long first = (long) stack.index() * stack.outputs() * map.in();
      boolean turned = map.transposed();
      first += (long) stack.first() * (turned ? 1 : map.in());
      add(name, source.tensor(name), list, turned, first, turned ? stack.outputs() : map.in());
    }
  }

  private void add(
      String name,
      StoredTensor base,
      List<AppliedAdapters.Change> list,
      boolean turned,
      long first,
      int stride) {
    MergedTensor tensor = merged.computeIfAbsent(name, n -> new MergedTensor(base));
    for (AppliedAdapters.Change c : list) {
      Tensor left = turned ? c.down().transposed() : c.up();
      Tensor right = turned ? c.up().transposed() : c.down();
      tensor.add(left, right, c.scale(), first, stride);
    }
  }

  @Override
  public Set<String> names() {
    Set<String> names = new LinkedHashSet<>(super.names());
    names.addAll(merged.keySet());
    return names;
  }

  @Override
  public Optional<StoredTensor> find(String name) {
    StoredTensor tensor = merged.get(name);
    return tensor == null ? super.find(name) : Optional.of(tensor);
  }

  @Override
  public Set<String> quantizedNames() {
    Set<String> names = new LinkedHashSet<>(super.quantizedNames());
    names.removeAll(unpacked);
    return names;
  }

  @Override
  public Optional<QuantizedMatrix> quantized(String module) {
    return unpacked.contains(module) ? Optional.empty() : super.quantized(module);
  }

  @Override
  public Optional<Shape> quantizedShape(String module) {
    return unpacked.contains(module) ? Optional.empty() : super.quantizedShape(module);
  }
}

package dev.ashlar.engine.quantize;

import dev.ashlar.engine.model.RenamedCheckpoint;
import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.formats.export.ExportFormat;
import dev.ashlar.formats.export.ExportOptions;
import dev.ashlar.formats.export.ExportPlan;
import dev.ashlar.formats.export.ExportSink;
import dev.ashlar.formats.export.ExportSummary;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tensor.weights.StoredTensor;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * One folder on its way: what its format's readers call each tensor, and whether experts lie there
 * one by one or stacked.
 *
 * <p>Loaders of packed weights give every expert modules of its own, even where all stay float; a
 * float folder is for programs that read the family's own files, so that stacks stay stacks.
 */
final class Destination implements AutoCloseable {
  private static final String WEIGHT = ".weight";
  private static final String BIAS = ".bias";

  private final ExportFormat format;
  private final Path place;
  private final Checkpoint source;
  private final ExportPlan plan;
  private final ModelTensors tensors;
  private final UnaryOperator<String> names;
  private final ExportSink sink;
  private final Set<String> changed = new HashSet<>();
  private Optional<Path> ready = Optional.empty();
  private boolean published;
  private boolean approved;

  /** What waits for the others of its stack, by module or bias; of float folders only. */
  private final Map<String, Tensor> waiting = new HashMap<>();

  Destination(
      ExportFormat format,
      Path place,
      Checkpoint source,
      ModelTensors tensors,
      ExportPlan plan,
      ExportOptions options) {
    this.format = format;
    this.place = place;
    this.source = source;
    this.plan = plan;
    this.tensors = tensors;
    this.names = tensors.spelling(format, options.publishedNames());
    Checkpoint renamed = new RenamedCheckpoint(source, name -> names.apply(tensors.whole(name)));
    this.sink = format.create(place, renamed, plan.renamed(names), options);
  }

  ExportFormat format() {
    return format;
  }

  Path place() {
    return place;
  }

  /** What was written. */
  ExportSummary summary() {
    return sink.summary();
  }

  /** What this folder calls those tensors. */
  Set<String> named(Set<String> others) {
    Set<String> named = new HashSet<>();
    others.forEach(name -> named.add(names.apply(name)));
    return named;
  }

  void importance(String module, float[] squares) {
    sink.importance(names.apply(module), squares);
  }

  void quantized(String module, QuantizedMatrix matrix) {
    if (stays(module)) {
      waits(module, matrix.dequantize());
    } else {
      sink.quantized(names.apply(module), matrix);
    }
  }

  /** Written in place of the source's. */
  void changed(String name, Tensor tensor) {
    changed.add(name);
    String module = name.substring(0, Math.max(0, name.lastIndexOf('.')));
    if (!stays(module)) {
      sink.tensor(names.apply(name), tensor);
    } else if (name.endsWith(BIAS)) {
      waiting.put(name, tensor);
    } else {
      waits(module, tensor);
    }
  }

  /** Whether the matrix belongs into a stack here. */
  private boolean stays(String module) {
    return !format.packs() && tensors.stackOf(module).isPresent();
  }

  private void waits(String module, Tensor matrix) {
    waiting.put(module, matrix);
    String stack = tensors.stackOf(module).orElseThrow();
    boolean complete =
        tensors.in(stack).stream()
            .filter(l -> isQuantized(l.module()))
            .allMatch(l -> waiting.containsKey(l.module()));
    if (complete) {
      stack(stack);
    }
  }

  /** Writes a stack with the matrices that wait in place of the source's. */
  private void stack(String name) {
    StoredTensor stored = source.tensor(name);
    Tensor whole = stored.toTensor();
    for (StoredLinear l : tensors.in(name)) {
      Tensor matrix = waiting.remove(l.module());
      if (matrix != null) {
        l.write(matrix, whole);
      }
    }
    for (StoredLinear l : tensors.biasesIn(name)) {
      Tensor bias = waiting.remove(l.module() + BIAS);
      if (bias != null) {
        System.arraycopy(bias.data(), 0, whole.data(), l.bias(), bias.size());
      }
    }
    String named = tensors.whole(name);
    sink.tensor(names.apply(named), whole);
    changed.add(named);
  }

  /** Writes what is not quantized of one of the source's tensors. */
  void others(String name, boolean keep) {
    StoredTensor stored = source.tensor(name);
    String whole = tensors.whole(name);
    List<StoredLinear> linears = tensors.in(name);
    if (changed.contains(whole)) {
      return;
    }
    if (isAwaited(name)) {
      stack(name);
    } else if (format.packs() && tensors.isStack(name)) {
      unstacked(stored);
    } else if (linears.stream().noneMatch(l -> isQuantized(l.module()) || isChanged(l.module()))) {
      StoredTensor named = stored.renamed(names.apply(whole));
      if (keep) {
        sink.keep(named);
      } else {
        sink.copy(named);
      }
    }
  }

  private boolean isAwaited(String stack) {
    return tensors.in(stack).stream().anyMatch(l -> waiting.containsKey(l.module()))
        || tensors.biasesIn(stack).stream().anyMatch(l -> waiting.containsKey(l.module() + BIAS));
  }

  /** Each map, or each map's bias, of a stack that is not written otherwise. */
  private void unstacked(StoredTensor stored) {
    for (StoredLinear l : tensors.in(stored.name())) {
      if (!isQuantized(l.module()) && !isChanged(l.module())) {
        sink.tensor(names.apply(l.module() + WEIGHT), l.read(stored));
      }
    }
    for (StoredLinear l : tensors.biasesIn(stored.name())) {
      String bias = l.module() + BIAS;
      if (!changed.contains(bias)) {
        Tensor part = Tensor.zeros(l.out());
        stored.read(l.bias(), part.data(), 0, part.size());
        sink.tensor(names.apply(bias), part);
      }
    }
  }

  private boolean isChanged(String module) {
    return changed.contains(module + WEIGHT);
  }

  private boolean isQuantized(String module) {
    return plan.linears().containsKey(module) && plan.linears().get(module).hasCodes();
  }

  /** Makes it ready, and publishes it if that is the only way to open and check it. */
  void prepare() {
    ready = sink.ready();
    if (ready.isEmpty()) {
      publish();
    }
  }

  private void publish() {
    sink.finish();
    published = true;
  }

  /** Where it can be opened and checked. */
  Path written() {
    return ready.orElse(place);
  }

  /** Whether it has taken its place already, unchecked as it was. */
  boolean isPublished() {
    return published;
  }

  /** Publishes what was found good. */
  void approve() {
    if (!published) {
      publish();
    }
    approved = true;
  }

  /** What was published and not found good is no model any more. */
  void withdraw() {
    if (published && !approved) {
      format.withdraw(place);
    }
  }

  void endShard() {
    sink.endShard();
  }

  @Override
  public void close() {
    sink.close();
  }
}

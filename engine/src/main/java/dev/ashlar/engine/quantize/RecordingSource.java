package dev.ashlar.engine.quantize;

import dev.ashlar.tensor.StoredTensor;
import dev.ashlar.tensor.WeightSource;
import dev.ashlar.tensor.quant.QuantizedTensor;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** A source that remembers which tensors a model has read, so that the others can be told. */
final class RecordingSource implements WeightSource {
  private final WeightSource source;
  private final Set<String> used = ConcurrentHashMap.newKeySet();

  /**
   * @param source is not closed with this one
   */
  RecordingSource(WeightSource source) {
    this.source = source;
  }

  /** Tensors that nobody has read, in the source's order. */
  Set<String> unused() {
    Set<String> names = new LinkedHashSet<>(source.names());
    names.removeAll(used);
    return names;
  }

  @Override
  public StoredTensor tensor(String name) {
    StoredTensor tensor = source.tensor(name);
    used.add(name);
    return tensor;
  }

  @Override
  public String description() {
    return source.description();
  }

  @Override
  public Map<String, Object> config() {
    return source.config();
  }

  @Override
  public Set<String> names() {
    return source.names();
  }

  @Override
  public Optional<StoredTensor> find(String name) {
    return source.find(name);
  }

  @Override
  public Set<String> quantizedNames() {
    return source.quantizedNames();
  }

  @Override
  public Optional<QuantizedTensor> quantized(String module) {
    return source.quantized(module);
  }

  @Override
  public RuntimeException fault(String tensor, String expected, String found, String hint) {
    return source.fault(tensor, expected, found, hint);
  }

  @Override
  public void close() {
    // The source belongs to whoever opened it.
  }
}

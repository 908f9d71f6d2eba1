package dev.ashlar.nn;

import dev.ashlar.formats.Checkpoints;
import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tensor.weights.StoredTensor;
import dev.ashlar.tensor.weights.WeightSource;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** A copied fixture with another configuration, or without or with other tensors. */
final class Altered implements WeightSource {
  private final Checkpoint under;
  private final Map<String, Object> config;
  private final Set<String> removed = new HashSet<>();
  private final Map<String, StoredTensor> replaced = new HashMap<>();
  private final Map<String, QuantizedMatrix> packed = new HashMap<>();
  private final List<String> notes = new ArrayList<>();

  Altered(String fixture) {
    this(Fixtures.copied().resolve(fixture));
  }

  Altered(Path folder) {
    this.under = Checkpoints.open(folder);
    this.config = new HashMap<>(under.config());
  }

  Altered config(String key, Object value) {
    config.put(key, value);
    return this;
  }

  Altered without(String name) {
    config.remove(name);
    removed.add(name);
    return this;
  }

  Altered with(String name, Tensor t) {
    return with(name, t, DType.F32);
  }

  Altered with(String name, Tensor t, DType type) {
    replaced.put(name, new Held(name, t, type));
    return this;
  }

  Altered packed(String module, QuantizedMatrix t) {
    packed.put(module, t);
    removed.add(module + ".weight");
    return this;
  }

  /** What a reader decided. */
  List<String> notes() {
    return notes;
  }

  @Override
  public void note(String kind, String sentence) {
    notes.add(sentence);
  }

  @Override
  public String description() {
    return under.description();
  }

  @Override
  public Map<String, Object> config() {
    return config;
  }

  @Override
  public Set<String> names() {
    Set<String> names = new HashSet<>(under.names());
    names.removeAll(removed);
    names.addAll(replaced.keySet());
    return names;
  }

  @Override
  public Optional<StoredTensor> find(String name) {
    if (removed.contains(name)) {
      return Optional.empty();
    }
    return replaced.containsKey(name) ? Optional.of(replaced.get(name)) : under.find(name);
  }

  @Override
  public Set<String> quantizedNames() {
    return packed.keySet();
  }

  @Override
  public Optional<QuantizedMatrix> quantized(String module) {
    return Optional.ofNullable(packed.get(module));
  }

  @Override
  public StoredTensor tensor(String name) {
    return find(name).orElseThrow(() -> fault(name, "a tensor of this name", "none", ""));
  }

  @Override
  public RuntimeException fault(String tensor, String expected, String found, String hint) {
    return under.fault(tensor, expected, found, hint);
  }

  @Override
  public void close() {
    under.close();
  }

  private record Held(String name, Tensor tensor, DType dtype) implements StoredTensor {
    @Override
    public Shape shape() {
      return tensor.shape();
    }

    @Override
    public long byteSize() {
      return 4L * tensor.size();
    }

    @Override
    public void read(long from, float[] target, int offset, int count) {
      System.arraycopy(tensor.data(), (int) from, target, offset, count);
    }

    @Override
    public void readHalves(long from, short[] target, int offset, int count) {
      for (int i = 0; i < count; i++) {
        float v = tensor.data()[(int) from + i];
        target[offset + i] =
            dtype == DType.F16
                ? Float.floatToFloat16(v)
                : (short) (Float.floatToRawIntBits(v) >>> 16);
      }
    }

    @Override
    public void readBytes(long from, byte[] target, int offset, int count) {
      throw new UnsupportedOperationException();
    }
  }
}

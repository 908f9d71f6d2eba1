package dev.ashlar.tensor.weights;

import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A checkpoint in memory: what a program makes itself (a model about to be trained, a test) and
 * then loads or writes like any other. Tensors are shared, not copied.
 */
public final class MemoryWeights implements WeightSource {
  private final Map<String, Object> config;
  private final Map<String, Tensor> tensors = new LinkedHashMap<>();
  private final Map<String, QuantizedMatrix> quantized = new LinkedHashMap<>();

  /**
   * @param config the model's configuration, as in {@code config.json}
   */
  public MemoryWeights(Map<String, Object> config) {
    this.config = Collections.unmodifiableMap(new LinkedHashMap<>(config));
  }

  /** Adds a tensor under its checkpoint name. */
  public MemoryWeights put(String name, Tensor tensor) {
    tensors.put(name, tensor);
    return this;
  }

  /** Adds a packed linear map under its module name. */
  public MemoryWeights put(String module, QuantizedMatrix tensor) {
    quantized.put(module, tensor);
    return this;
  }

  @Override
  public String description() {
    return "memory";
  }

  @Override
  public Map<String, Object> config() {
    return config;
  }

  @Override
  public Set<String> names() {
    return Collections.unmodifiableSet(tensors.keySet());
  }

  @Override
  public Optional<StoredTensor> find(String name) {
    return Optional.ofNullable(tensors.get(name)).map(t -> new Stored(name, t));
  }

  @Override
  public Set<String> quantizedNames() {
    return Collections.unmodifiableSet(quantized.keySet());
  }

  @Override
  public Optional<QuantizedMatrix> quantized(String module) {
    return Optional.ofNullable(quantized.get(module));
  }

  @Override
  public StoredTensor tensor(String name) {
    return find(name).orElseThrow(() -> fault(name, "the tensor", "none", ""));
  }

  @Override
  public RuntimeException fault(String tensor, String expected, String found, String hint) {
    String end = hint.isEmpty() ? "" : "; " + hint;
    return new IllegalArgumentException(
        tensor + ": expected " + expected + ", found " + found + end);
  }

  @Override
  public void close() {}

  /** A tensor of this source, seen as stored in float32. */
  private record Stored(String name, Tensor tensor) implements StoredTensor {
    @Override
    public Shape shape() {
      return tensor.shape();
    }

    @Override
    public DType dtype() {
      return DType.F32;
    }

    @Override
    public long byteSize() {
      return 4L * tensor.size();
    }

    @Override
    public void read(long from, float[] target, int offset, int count) {
      System.arraycopy(tensor.data(), Math.toIntExact(from), target, offset, count);
    }

    @Override
    public void readBytes(long from, byte[] target, int offset, int count) {
      for (int i = 0; i < count; i++) {
        int at = Math.toIntExact(from + i);
        int bits = Float.floatToRawIntBits(tensor.data()[at / 4]);
        target[offset + i] = (byte) (bits >>> 8 * (at % 4));
      }
    }
  }
}

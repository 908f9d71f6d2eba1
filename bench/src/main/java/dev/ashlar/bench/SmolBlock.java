package dev.ashlar.bench;

import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tensor.weights.StoredTensor;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;

/** A checkpoint of one Llama block of SmolLM2-135M's shape that exists only as random numbers. */
public final class SmolBlock implements WeightSource {
  /** Width of the residual stream. */
  public static final int DIM = 576;

  private static final int FEED_FORWARD = 1536;
  private static final int KEYS = 192;
  private static final int VOCABULARY = 16;

  private final Map<String, Shape> shapes = new LinkedHashMap<>();

  /** The same numbers every time. */
  public SmolBlock() {
    String block = "model.layers.0.";
    shapes.put("model.embed_tokens.weight", Shape.of(VOCABULARY, DIM));
    shapes.put("model.norm.weight", Shape.of(DIM));
    shapes.put(block + "input_layernorm.weight", Shape.of(DIM));
    shapes.put(block + "post_attention_layernorm.weight", Shape.of(DIM));
    shapes.put(block + "self_attn.q_proj.weight", Shape.of(DIM, DIM));
    shapes.put(block + "self_attn.k_proj.weight", Shape.of(KEYS, DIM));
    shapes.put(block + "self_attn.v_proj.weight", Shape.of(KEYS, DIM));
    shapes.put(block + "self_attn.o_proj.weight", Shape.of(DIM, DIM));
    shapes.put(block + "mlp.gate_proj.weight", Shape.of(FEED_FORWARD, DIM));
    shapes.put(block + "mlp.up_proj.weight", Shape.of(FEED_FORWARD, DIM));
    shapes.put(block + "mlp.down_proj.weight", Shape.of(DIM, FEED_FORWARD));
  }

  @Override
  public String description() {
    return "random block";
  }

  @Override
  public Map<String, Object> config() {
    return Map.ofEntries(
        Map.entry("model_type", "llama"),
        Map.entry("hidden_size", DIM),
        Map.entry("intermediate_size", FEED_FORWARD),
        Map.entry("num_hidden_layers", 1),
        Map.entry("num_attention_heads", 9),
        Map.entry("num_key_value_heads", 3),
        Map.entry("vocab_size", VOCABULARY),
        Map.entry("hidden_act", "silu"),
        Map.entry("rms_norm_eps", 1e-5),
        Map.entry("rope_theta", 100000.0),
        Map.entry("max_position_embeddings", 2048),
        Map.entry("tie_word_embeddings", true));
  }

  @Override
  public Set<String> names() {
    return shapes.keySet();
  }

  @Override
  public Optional<StoredTensor> find(String name) {
    return Optional.ofNullable(shapes.get(name)).map(s -> new RandomTensor(name, s));
  }

  @Override
  public StoredTensor tensor(String name) {
    return find(name).orElseThrow(() -> fault(name, "a tensor", "nothing", ""));
  }

  @Override
  public Set<String> quantizedNames() {
    return Set.of();
  }

  @Override
  public Optional<QuantizedMatrix> quantized(String module) {
    return Optional.empty();
  }

  @Override
  public RuntimeException fault(String tensor, String expected, String found, String hint) {
    return new IllegalArgumentException(tensor + ": expected " + expected + ", found " + found);
  }

  @Override
  public void close() {}

  /** Norm weights of one, other weights normal with deviation 0.04. */
  private record RandomTensor(String name, Shape shape) implements StoredTensor {
    @Override
    public DType dtype() {
      return DType.F32;
    }

    @Override
    public long byteSize() {
      return 4 * shape.size();
    }

    @Override
    public void read(long from, float[] target, int offset, int count) {
      Random random = new Random(name.hashCode() + from);
      for (int i = 0; i < count; i++) {
        target[offset + i] = shape.rank() == 1 ? 1f : (float) random.nextGaussian() * 0.04f;
      }
    }

    @Override
    public void readBytes(long from, byte[] target, int offset, int count) {
      throw new UnsupportedOperationException("random numbers are stored nowhere");
    }
  }
}

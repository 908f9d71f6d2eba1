package dev.ashlar.formats.gguf;

import dev.ashlar.tensor.weights.StoredTensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/** Translates GGUF metadata to the keys of {@code config.json}. */
final class GgufConfig {
  /** Long-context frequency scaling as published for Llama 3.1 and later. */
  private static final double LOW_FREQUENCY_FACTOR = 1;

  private static final double HIGH_FREQUENCY_FACTOR = 4;
  private static final List<Long> USUAL_CONTEXTS = List.of(8192L, 4096L, 16384L, 32768L);
  private static final double SAME_FREQUENCY = 1e-3;

  private final GgufFields fields;
  private final GgufNames.Family family;
  private final Map<String, StoredTensor> tensors;

  /**
   * @param tensors the file's tensors under their own names
   */
  GgufConfig(GgufFields fields, GgufNames.Family family, Map<String, StoredTensor> tensors) {
    this.fields = fields;
    this.family = family;
    this.tensors = tensors;
  }

  private String key(String name) {
    return family.architecture() + "." + name;
  }

  /** Query heads. */
  long heads() {
    return fields.required(key("attention.head_count"));
  }

  /** Key and value heads. */
  long keyValueHeads() {
    return fields.whole(key("attention.head_count_kv"), 1).orElse(heads());
  }

  /** Blocks. */
  long blocks() {
    return fields.required(key("block_count"));
  }

  private long headDim() {
    long hidden = fields.required(key("embedding_length"));
    OptionalLong explicit = fields.whole(key("attention.key_length"), 1);
    if (explicit.isEmpty() && hidden % heads() != 0) {
      throw fields.fault(
          key("attention.head_count"), "a divisor of " + hidden, Long.toString(heads()));
    }
    long dim = explicit.orElse(hidden / heads());
    long rotary = fields.whole(key("rope.dimension_count"), 1).orElse(dim);
    if (rotary != dim) {
      throw fields.fault(
          key("rope.dimension_count"), "the head size " + dim, Long.toString(rotary));
    }
    return dim;
  }

  /** The configuration. */
  Map<String, Object> translate() {
    fields
        .whole(key("expert_count"), 0)
        .ifPresent(
            n -> {
              if (n > 0) {
                throw fields.fault(key("expert_count"), "a dense model", n + " experts");
              }
            });
    Map<String, Object> config = new LinkedHashMap<>();
    config.put("architectures", List.of(family.modelClass()));
    config.put("model_type", family.modelType());
    config.put("hidden_size", fields.required(key("embedding_length")));
    config.put("intermediate_size", fields.required(key("feed_forward_length")));
    config.put("num_hidden_layers", blocks());
    config.put("num_attention_heads", heads());
    config.put("num_key_value_heads", keyValueHeads());
    config.put("head_dim", headDim());
    config.put("hidden_act", "silu");
    config.put("max_position_embeddings", fields.required(key("context_length")));
    String epsilon = key("attention.layer_norm_rms_epsilon");
    config.put(
        "rms_norm_eps",
        fields
            .positive(epsilon)
            .orElseThrow(() -> fields.fault(epsilon, "a value", "no such key")));
    double theta = fields.positive(key("rope.freq_base")).orElse(10_000);
    config.put("rope_theta", theta);
    config.put("rope_scaling", ropeScaling(theta).orElse(null));
    fields
        .whole(key("attention.sliding_window"), 0)
        .ifPresent(n -> config.put("sliding_window", n == 0 ? null : n));
    config.put("attention_bias", tensors.containsKey("blk.0.attn_q.bias"));
    config.put("mlp_bias", tensors.containsKey("blk.0.ffn_gate.bias"));
    config.put("vocab_size", vocabulary());
    config.put("tie_word_embeddings", !tensors.containsKey("output.weight"));
    token(config, "bos");
    token(config, "eos");
    fields.dispensable("padding", vocabulary()).ifPresent(n -> config.put("pad_token_id", n));
    config.put("torch_dtype", dtype());
    config.put("use_cache", true);
    return config;
  }

  private void token(Map<String, Object> config, String kind) {
    OptionalLong id = fields.token(kind);
    config.put(kind + "_token_id", id.isPresent() ? id.getAsLong() : null);
  }

  private long vocabulary() {
    StoredTensor embedding = tensors.get("token_embd.weight");
    return embedding != null && embedding.shape().rank() == 2
        ? embedding.shape().dim(0)
        : fields.required(key("vocab_size"));
  }

  /**
   * Blocks hold no more than half precision's worth, so that is what a copy should be taken for.
   */
  private String dtype() {
    boolean brain = tensors.values().stream().anyMatch(t -> t.storage().equals("BF16"));
    boolean full = tensors.values().stream().allMatch(t -> t.storage().equals("F32"));
    return full ? "float32" : brain ? "bfloat16" : "float16";
  }

  private Optional<Map<String, Object>> ropeScaling(double theta) {
    StoredTensor factors = tensors.get("rope_freqs.weight");
    if (factors != null) {
      return Optional.of(llama3(factors, theta));
    }
    boolean old = fields.values().containsKey(key("rope.scale_linear"));
    String type = fields.text(key("rope.scaling.type"), old ? "linear" : "none");
    if (type.equals("none")) {
      return Optional.empty();
    }
    OptionalDouble factor = fields.positive(key("rope.scaling.factor"));
    double by =
        factor.isPresent()
            ? factor.getAsDouble()
            : fields.positive(key("rope.scale_linear")).orElse(1);
    Map<String, Object> scaling = new LinkedHashMap<>();
    scaling.put("rope_type", type);
    scaling.put("factor", by);
    switch (type) {
      case "linear" -> {
        return by == 1 ? Optional.empty() : Optional.of(scaling);
      }
      case "yarn" -> {
        String original = key("rope.scaling.original_context_length");
        scaling.put("original_max_position_embeddings", fields.required(original));
        double attention = fields.positive(key("rope.scaling.attn_factor")).orElse(1);
        if (attention != 1) {
          scaling.put("attention_factor", attention * (0.1 * Math.log(by) + 1));
        }
        return Optional.of(scaling);
      }
      default ->
          throw fields.fault(key("rope.scaling.type"), "none, linear or yarn", "\"" + type + "\"");
    }
  }

  /**
   * The parameters behind stored frequency divisors: the file has only their result, so the
   * published ones are tried and must give the same divisors.
   */
  private Map<String, Object> llama3(StoredTensor stored, double theta) {
    long half = headDim() / 2;
    if (stored.shape().size() != half) {
      throw fields.fault(stored.name(), half + " divisors", stored.shape().size() + "");
    }
    float[] divisors = stored.toTensor().data();
    double factor = 1;
    for (float d : divisors) {
      factor = Math.max(factor, d);
    }
    OptionalLong own = fields.whole(key("rope.scaling.original_context_length"), 1);
    List<Long> contexts = own.isPresent() ? List.of(own.getAsLong(), 8192L) : USUAL_CONTEXTS;
    for (long context : contexts) {
      if (explains(divisors, theta, factor, context)) {
        Map<String, Object> scaling = new LinkedHashMap<>();
        scaling.put("rope_type", "llama3");
        scaling.put("factor", factor);
        scaling.put("low_freq_factor", LOW_FREQUENCY_FACTOR);
        scaling.put("high_freq_factor", HIGH_FREQUENCY_FACTOR);
        scaling.put("original_max_position_embeddings", context);
        return scaling;
      }
    }
    throw fields.fault(
        stored.name(), "divisors of a known frequency scaling", "others, up to " + factor);
  }

  private static boolean explains(float[] divisors, double theta, double factor, long context) {
    for (int i = 0; i < divisors.length; i++) {
      double wavelength = 2 * Math.PI * Math.pow(theta, (double) i / divisors.length);
      double smooth =
          (context / wavelength - LOW_FREQUENCY_FACTOR)
              / (HIGH_FREQUENCY_FACTOR - LOW_FREQUENCY_FACTOR);
      double s = Math.clamp(smooth, 0.0, 1.0);
      double expected = 1 / ((1 - s) / factor + s);
      if (!(Math.abs(divisors[i] / expected - 1) < SAME_FREQUENCY)) {
        return false;
      }
    }
    return true;
  }
}

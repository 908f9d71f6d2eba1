package dev.ashlar.formats.gguf;

import dev.ashlar.formats.gguf.family.GgufFamily;
import dev.ashlar.formats.gguf.family.GgufFields;
import dev.ashlar.formats.gguf.family.GgufModel;
import dev.ashlar.tensor.weights.StoredTensor;
import java.util.Map;
import java.util.OptionalLong;

/** Translates GGUF metadata to the keys of {@code config.json}. */
final class GgufConfig {
  private final GgufModel model;
  private final GgufFields fields;

  GgufConfig(GgufModel model) {
    this.model = model;
    this.fields = model.fields();
  }

  /** The configuration: what the family's table says, then what is said alike by all. */
  Map<String, Object> translate(GgufFamily family) {
    Map<String, Object> config = family.config(model);
    config.put("vocab_size", vocabulary());
    config.put("tie_word_embeddings", !model.has("output.weight"));
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
    StoredTensor embedding = model.tensors().get("token_embd.weight");
    return embedding != null && embedding.shape().rank() == 2
        ? embedding.shape().dim(0)
        : model.required("vocab_size");
  }

  /**
   * Blocks hold no more than half precision's worth, so that is what a copy should be taken for.
   */
  private String dtype() {
    var tensors = model.tensors().values();
    boolean brain = tensors.stream().anyMatch(t -> t.storage().equals("BF16"));
    boolean full = tensors.stream().allMatch(t -> t.storage().equals("F32"));
    return full ? "float32" : brain ? "bfloat16" : "float16";
  }
}

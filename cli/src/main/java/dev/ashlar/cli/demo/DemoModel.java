package dev.ashlar.cli.demo;

import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.weights.MemoryWeights;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * The demo model's shape: a small Llama of about 2.6 million parameters with a tied head, and its
 * weights before training.
 */
final class DemoModel {
  static final int VOCABULARY = 1024;
  static final int CONTEXT = 512;
  private static final int DIM = 256;
  private static final int FEED_FORWARD = 512;
  private static final int LAYERS = 4;
  private static final int HEADS = 8;
  private static final int KV_HEADS = 4;
  private static final int HEAD_DIM = 32;
  private static final double DEVIATION = 0.02;

  private final Random random;
  private final MemoryWeights weights;

  private DemoModel(long seed, int bos, int eos) {
    this.random = new Random(seed);
    this.weights = new MemoryWeights(config(bos, eos));
  }

  /** {@code config.json} of the model. */
  static Map<String, Object> config(int bos, int eos) {
    Map<String, Object> c = new LinkedHashMap<>();
    c.put("architectures", List.of("LlamaForCausalLM"));
    c.put("model_type", "llama");
    c.put("hidden_size", (long) DIM);
    c.put("intermediate_size", (long) FEED_FORWARD);
    c.put("num_hidden_layers", (long) LAYERS);
    c.put("num_attention_heads", (long) HEADS);
    c.put("num_key_value_heads", (long) KV_HEADS);
    c.put("head_dim", (long) HEAD_DIM);
    c.put("vocab_size", (long) VOCABULARY);
    c.put("max_position_embeddings", (long) CONTEXT);
    c.put("rms_norm_eps", 1e-5);
    c.put("rope_theta", 10000.0);
    c.put("hidden_act", "silu");
    c.put("attention_bias", false);
    c.put("mlp_bias", false);
    c.put("tie_word_embeddings", true);
    c.put("bos_token_id", (long) bos);
    c.put("eos_token_id", (long) eos);
    c.put("torch_dtype", "bfloat16");
    return c;
  }

  /** The model before training. */
  static MemoryWeights untrained(long seed, int bos, int eos) {
    DemoModel m = new DemoModel(seed, bos, eos);
    m.matrix("model.embed_tokens", VOCABULARY, DIM, DEVIATION);
    for (int i = 0; i < LAYERS; i++) {
      m.layer("model.layers." + i);
    }
    m.norm("model.norm");
    return m.weights;
  }

  private void layer(String layer) {
    // The two maps that write to the residual stream start smaller, so that depth does not add up.
    double residual = DEVIATION / Math.sqrt(2.0 * LAYERS);
    norm(layer + ".input_layernorm");
    matrix(layer + ".self_attn.q_proj", HEADS * HEAD_DIM, DIM, DEVIATION);
    matrix(layer + ".self_attn.k_proj", KV_HEADS * HEAD_DIM, DIM, DEVIATION);
    matrix(layer + ".self_attn.v_proj", KV_HEADS * HEAD_DIM, DIM, DEVIATION);
    matrix(layer + ".self_attn.o_proj", DIM, HEADS * HEAD_DIM, residual);
    norm(layer + ".post_attention_layernorm");
    matrix(layer + ".mlp.gate_proj", FEED_FORWARD, DIM, DEVIATION);
    matrix(layer + ".mlp.up_proj", FEED_FORWARD, DIM, DEVIATION);
    matrix(layer + ".mlp.down_proj", DIM, FEED_FORWARD, residual);
  }

  private void matrix(String module, int out, int in, double deviation) {
    Tensor t = Tensor.zeros(out, in);
    for (int i = 0; i < t.size(); i++) {
      t.data()[i] = (float) (deviation * random.nextGaussian());
    }
    weights.put(module + ".weight", t);
  }

  private void norm(String module) {
    Tensor t = Tensor.zeros(DIM);
    Arrays.fill(t.data(), 1f);
    weights.put(module + ".weight", t);
  }
}

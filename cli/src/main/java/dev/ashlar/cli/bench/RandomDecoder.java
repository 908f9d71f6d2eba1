package dev.ashlar.cli.bench;

import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tensor.weights.MemoryWeights;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.function.BiConsumer;

/** Checkpoints in memory: blocks of SmolLM2-135M's shape with random weights. */
final class RandomDecoder {
  static final int DIM = 576;
  static final int VOCABULARY = 4096;
  static final int HEADS = 9;
  static final int KV_HEADS = 3;
  static final int HEAD_DIM = 64;

  /** Bits and weights of a group of what is packed. */
  static final int BITS = 4;

  static final int GROUP = 64;

  private static final int FEED_FORWARD = 1536;
  private static final int CONTEXT = 4096;
  private static final float DEVIATION = 0.04f;

  private RandomDecoder() {}

  /** Codes of 4 bits in groups of 64, the output map too; the embedding is floats. */
  static MemoryWeights packed(int blocks) {
    MemoryWeights weights = new MemoryWeights(config(blocks));
    matrices(blocks, (name, shape) -> weights.put(name, codes(shape)));
    weights.put("lm_head", codes(new int[] {VOCABULARY, DIM}));
    return withRest(weights, blocks);
  }

  private static QuantizedMatrix codes(int[] shape) {
    return Operands.codes(shape[0], shape[1], BITS, GROUP);
  }

  /** Floats, which can be tuned. */
  static MemoryWeights floats(int blocks) {
    MemoryWeights weights = new MemoryWeights(config(blocks));
    matrices(blocks, (name, shape) -> weights.put(name + ".weight", normal(shape)));
    weights.put("lm_head.weight", normal(VOCABULARY, DIM));
    return withRest(weights, blocks);
  }

  private static MemoryWeights withRest(MemoryWeights weights, int blocks) {
    weights.put("model.embed_tokens.weight", normal(VOCABULARY, DIM));
    weights.put("model.norm.weight", ones());
    for (int i = 0; i < blocks; i++) {
      weights.put("model.layers." + i + ".input_layernorm.weight", ones());
      weights.put("model.layers." + i + ".post_attention_layernorm.weight", ones());
    }
    return weights;
  }

  private static Map<String, Object> config(int blocks) {
    Map<String, Object> c = new LinkedHashMap<>();
    c.put("model_type", "llama");
    c.put("hidden_size", (long) DIM);
    c.put("intermediate_size", (long) FEED_FORWARD);
    c.put("num_hidden_layers", (long) blocks);
    c.put("num_attention_heads", (long) HEADS);
    c.put("num_key_value_heads", (long) KV_HEADS);
    c.put("head_dim", (long) HEAD_DIM);
    c.put("vocab_size", (long) VOCABULARY);
    c.put("max_position_embeddings", (long) CONTEXT);
    c.put("rms_norm_eps", 1e-5);
    c.put("rope_theta", 10000.0);
    c.put("hidden_act", "silu");
    c.put("tie_word_embeddings", false);
    return c;
  }

  /** Weights of the linear maps of a block. */
  static long blockWeights() {
    long[] sum = {0};
    matrices(1, (name, shape) -> sum[0] += (long) shape[0] * shape[1]);
    return sum[0];
  }

  private static void matrices(int blocks, BiConsumer<String, int[]> each) {
    for (int i = 0; i < blocks; i++) {
      String attention = "model.layers." + i + ".self_attn.";
      each.accept(attention + "q_proj", new int[] {HEADS * HEAD_DIM, DIM});
      each.accept(attention + "k_proj", new int[] {KV_HEADS * HEAD_DIM, DIM});
      each.accept(attention + "v_proj", new int[] {KV_HEADS * HEAD_DIM, DIM});
      each.accept(attention + "o_proj", new int[] {DIM, HEADS * HEAD_DIM});
      String feedForward = "model.layers." + i + ".mlp.";
      each.accept(feedForward + "gate_proj", new int[] {FEED_FORWARD, DIM});
      each.accept(feedForward + "up_proj", new int[] {FEED_FORWARD, DIM});
      each.accept(feedForward + "down_proj", new int[] {DIM, FEED_FORWARD});
    }
  }

  private static Tensor normal(int... shape) {
    Tensor t = Tensor.zeros(Arrays.stream(shape).asLongStream().toArray());
    Random random = new Random(t.size());
    for (int i = 0; i < t.size(); i++) {
      t.data()[i] = DEVIATION * (float) random.nextGaussian();
    }
    return t;
  }

  private static Tensor ones() {
    Tensor t = Tensor.zeros(DIM);
    Arrays.fill(t.data(), 1f);
    return t;
  }
}

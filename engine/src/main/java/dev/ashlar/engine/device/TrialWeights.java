package dev.ashlar.engine.device;

import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tensor.weights.MemoryWeights;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;

/**
 * A decoder of random weights of 4 bits to be measured: blocks of a Llama's shape, all of the same
 * codes, of which each backend makes copies of its own.
 *
 * @param dim of hidden states
 * @param heads of queries
 * @param kvHeads of keys and values
 * @param headDim elements of a head
 * @param feedForward width between
 * @param blocks how many
 */
record TrialWeights(int dim, int heads, int kvHeads, int headDim, int feedForward, int blocks) {
  static final int VOCABULARY = 256;

  private static final int BITS = 4;
  private static final int GROUP = 64;
  private static final int CONTEXT = 4096;

  /** Small enough that sums of thousands of products stay near 1. */
  private static final float SCALE = 0.004f;

  MemoryWeights made() {
    MemoryWeights weights = new MemoryWeights(config());
    Map<String, QuantizedMatrix> maps = maps();
    Tensor ones = Tensor.zeros(dim);
    Arrays.fill(ones.data(), 1f);
    for (int i = 0; i < blocks; i++) {
      String block = "model.layers." + i + ".";
      maps.forEach((name, codes) -> weights.put(block + name, codes));
      weights.put(block + "input_layernorm.weight", ones);
      weights.put(block + "post_attention_layernorm.weight", ones);
    }
    weights.put("lm_head", codes(VOCABULARY, dim));
    Tensor table = Tensor.zeros(VOCABULARY, dim);
    Random random = new Random(1);
    for (int i = 0; i < table.size(); i++) {
      table.data()[i] = (float) random.nextGaussian();
    }
    return weights.put("model.embed_tokens.weight", table).put("model.norm.weight", ones);
  }

  /** Weights of the linear maps of a block. */
  long blockWeights() {
    return 2L * dim * headDim * (heads + kvHeads) + 3L * dim * feedForward;
  }

  private Map<String, QuantizedMatrix> maps() {
    Map<String, QuantizedMatrix> all = new LinkedHashMap<>();
    all.put("self_attn.q_proj", codes(heads * headDim, dim));
    all.put("self_attn.k_proj", codes(kvHeads * headDim, dim));
    all.put("self_attn.v_proj", codes(kvHeads * headDim, dim));
    all.put("self_attn.o_proj", codes(dim, heads * headDim));
    all.put("mlp.gate_proj", codes(feedForward, dim));
    all.put("mlp.up_proj", codes(feedForward, dim));
    all.put("mlp.down_proj", codes(dim, feedForward));
    return all;
  }

  private static QuantizedMatrix codes(int out, int in) {
    IntegerGrid grid = new IntegerGrid(BITS, GROUP, true);
    byte[] codes = new byte[Math.multiplyExact(out, in)];
    new Random(out + in).nextBytes(codes);
    for (int i = 0; i < codes.length; i++) {
      codes[i] &= (byte) grid.maxCode();
    }
    float[] scales = new float[out * grid.groups(in)];
    byte[] zeros = new byte[scales.length];
    Arrays.fill(scales, grid.roundScale(SCALE));
    Arrays.fill(zeros, (byte) grid.middle());
    return new QuantizedMatrix(out, in, grid, codes, scales, zeros);
  }

  private Map<String, Object> config() {
    Map<String, Object> c = new LinkedHashMap<>();
    c.put("model_type", "llama");
    c.put("hidden_size", (long) dim);
    c.put("intermediate_size", (long) feedForward);
    c.put("num_hidden_layers", (long) blocks);
    c.put("num_attention_heads", (long) heads);
    c.put("num_key_value_heads", (long) kvHeads);
    c.put("head_dim", (long) headDim);
    c.put("vocab_size", (long) VOCABULARY);
    c.put("max_position_embeddings", (long) CONTEXT);
    c.put("rms_norm_eps", 1e-5);
    c.put("rope_theta", 10000.0);
    c.put("hidden_act", "silu");
    c.put("tie_word_embeddings", false);
    return c;
  }
}

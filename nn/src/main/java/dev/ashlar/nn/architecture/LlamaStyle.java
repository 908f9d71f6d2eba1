package dev.ashlar.nn.architecture;

import dev.ashlar.nn.decoder.AttentionSpec;
import dev.ashlar.nn.decoder.AttentionSpec.HeadNormSpec;
import dev.ashlar.nn.decoder.AttentionSpec.ProjectionSpec;
import dev.ashlar.nn.decoder.BlockSpec;
import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.nn.decoder.EmbeddingSpec;
import dev.ashlar.nn.decoder.FeedForwardSpec;
import dev.ashlar.nn.decoder.HeadSpec;
import dev.ashlar.nn.decoder.LinearSpec;
import dev.ashlar.nn.decoder.NormSpec;
import dev.ashlar.nn.decoder.PositionSpec;
import dev.ashlar.nn.decoder.ResidualSpec;
import dev.ashlar.tensor.WeightSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The names, sizes and order that Llama gave and most later families keep. A family reads its
 * configuration through this and overrides what it does differently.
 */
class LlamaStyle {
  final String modelType;
  final Config config;
  final int dim;
  final int layers;
  final int vocab;
  final int heads;
  final int kvHeads;
  final int headDim;
  final int maxPositions;

  LlamaStyle(String modelType, Map<String, Object> values, WeightSource source) {
    this.modelType = modelType;
    this.config = new Config(values, source);
    this.dim = config.count("hidden_size");
    this.layers = config.count("num_hidden_layers");
    this.vocab = config.count("vocab_size");
    this.heads = config.count("num_attention_heads");
    this.kvHeads = config.count("num_key_value_heads", heads);
    config.divides("num_attention_heads", heads, "num_key_value_heads", kvHeads);
    if (!config.has("head_dim")) {
      config.divides("hidden_size", dim, "num_attention_heads", heads);
    }
    this.headDim = config.count("head_dim", dim / heads);
    this.maxPositions = config.count("max_position_embeddings", defaultMaxPositions());
  }

  /** The whole decoder. */
  final DecoderSpec spec() {
    List<BlockSpec> blocks = new ArrayList<>(layers);
    for (int i = 0; i < layers; i++) {
      blocks.add(new BlockSpec("model.layers." + i, attention(i), feedForward(i), residual(i)));
    }
    return new DecoderSpec(
        modelType, "model.", vocab, dim, maxPositions, embedding(), blocks, head());
  }

  int defaultMaxPositions() {
    return 2048;
  }

  float eps() {
    return (float) config.positive("rms_norm_eps", 1e-6);
  }

  NormSpec norm(String name, int size) {
    return NormSpec.rms(name, size, eps());
  }

  EmbeddingSpec embedding() {
    return EmbeddingSpec.of("model.embed_tokens", dim);
  }

  boolean tiedByDefault() {
    return false;
  }

  HeadSpec head() {
    return HeadSpec.of(
        norm("model.norm", dim),
        LinearSpec.of("lm_head", dim, vocab, false),
        config.flag("tie_word_embeddings", tiedByDefault()));
  }

  /** Whether queries, keys and values have biases. */
  boolean qkvBias() {
    return config.flag("attention_bias", false);
  }

  /** Whether the attention's output map has a bias. */
  boolean outputBias() {
    return qkvBias();
  }

  boolean mlpBias() {
    return config.flag("mlp_bias", false);
  }

  ProjectionSpec projection(int layer) {
    return new ProjectionSpec.Separate(
        LinearSpec.of("self_attn.q_proj", dim, heads * headDim, qkvBias()),
        LinearSpec.of("self_attn.k_proj", dim, kvHeads * headDim, qkvBias()),
        LinearSpec.of("self_attn.v_proj", dim, kvHeads * headDim, qkvBias()));
  }

  PositionSpec position(int layer) {
    return new PositionSpec.Rotary(Rope.read(config, headDim, maxPositions, false));
  }

  /** The sliding window of a layer, or 0. */
  int window(int layer) {
    return 0;
  }

  double scale() {
    return 1 / Math.sqrt(headDim);
  }

  Optional<HeadNormSpec> headNorms() {
    return Optional.empty();
  }

  AttentionSpec attention(int layer) {
    return new AttentionSpec(
        heads,
        kvHeads,
        headDim,
        projection(layer),
        LinearSpec.of(outputName(), heads * headDim, dim, outputBias()),
        position(layer),
        (float) scale(),
        window(layer),
        0,
        0,
        headNorms());
  }

  String outputName() {
    return "self_attn.o_proj";
  }

  FeedForwardSpec feedForward(int layer) {
    return gated("mlp.", config.count("intermediate_size"));
  }

  final FeedForwardSpec.Gated gated(String parent, int hidden) {
    return new FeedForwardSpec.Gated(
        LinearSpec.of(parent + "gate_proj", dim, hidden, mlpBias()),
        LinearSpec.of(parent + "up_proj", dim, hidden, mlpBias()),
        LinearSpec.of(parent + "down_proj", hidden, dim, mlpBias()),
        config.activation("hidden_act", "silu"));
  }

  /** Makes sure that each token's experts can be found among {@code experts}. */
  final int perToken(int experts) {
    int perToken = config.count("num_experts_per_tok");
    if (perToken > experts) {
      throw config.fault(
          "num_experts_per_tok", "at most " + experts + " experts", "the number " + perToken, "");
    }
    return perToken;
  }

  /** {@code experts} gated feed-forwards named {@code parent + index}. */
  final List<FeedForwardSpec.Gated> experts(String parent, int experts, int hidden) {
    List<FeedForwardSpec.Gated> all = new ArrayList<>(experts);
    for (int e = 0; e < experts; e++) {
      all.add(gated(parent + e + ".", hidden));
    }
    return all;
  }

  ResidualSpec residual(int layer) {
    return ResidualSpec.pre(norm("input_layernorm", dim), norm("post_attention_layernorm", dim));
  }

  /**
   * Windows by {@code layer_types}, where the configuration has that list.
   *
   * @param otherwise whether a layer slides where it has not
   */
  final boolean slides(int layer, boolean otherwise) {
    if (!config.has("layer_types")) {
      return otherwise;
    }
    String type = config.texts("layer_types", layers).get(layer);
    return switch (type) {
      case "sliding_attention" -> true;
      case "full_attention" -> false;
      default ->
          throw config.fault(
              "layer_types", "sliding_attention or full_attention", Config.describe(type), "");
    };
  }
}

package dev.ashlar.nn.architecture;

import dev.ashlar.nn.decoder.AttentionSpec;
import dev.ashlar.nn.decoder.AttentionSpec.FusedOrder;
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
import dev.ashlar.tensor.kernel.ActivationKernel;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.BooleanSupplier;

/**
 * The names, sizes and order that Llama gave and most later families keep. A family reads its
 * configuration through this and overrides what it does differently.
 */
class LlamaStyle {
  /**
   * What a family calls the sizes; configurations may also use the names of {@link #KEYS}.
   *
   * @param kvHeads empty where every head has keys and values of its own; {@link #ONE} where all
   *     heads share one
   */
  record Keys(String dim, String layers, String heads, String kvHeads, String positions) {}

  /** Stands for a single key/value head, which no key says. */
  static final String ONE = "1";

  static final Keys KEYS =
      new Keys(
          "hidden_size",
          "num_hidden_layers",
          "num_attention_heads",
          "num_key_value_heads",
          "max_position_embeddings");

  /** The sizes as GPT-2 calls them. */
  static final Keys GPT_KEYS = new Keys("n_embd", "n_layer", "n_head", "", "n_positions");

  private final WeightSource source;
  final String modelType;
  final Config config;
  final int dim;
  final int layers;
  final int vocab;
  final int heads;
  final int kvHeads;
  final int headDim;
  final int maxPositions;

  private ExpertNames expertNames;

  LlamaStyle(String modelType, Map<String, Object> values, WeightSource source) {
    this(modelType, values, source, KEYS);
  }

  LlamaStyle(String modelType, Map<String, Object> values, WeightSource source, Keys keys) {
    this.modelType = modelType;
    this.config = new Config(values, source);
    this.dim = config.count(keys.dim());
    this.layers = config.count(keys.layers());
    this.source = source;
    OptionalInt rows = config.has("vocab_size") ? OptionalInt.empty() : StoredSizes.vocab(source);
    this.vocab = rows.isPresent() ? rows.getAsInt() : config.count("vocab_size");
    this.heads = config.count(keys.heads());
    this.kvHeads = kvHeads(keys);
    config.divides(keys.heads(), heads, keys.kvHeads(), kvHeads);
    // Heads out of latents have sizes of their own.
    if (!config.has("head_dim") && !config.has("kv_lora_rank")) {
      config.divides(keys.dim(), dim, keys.heads(), heads);
    }
    this.headDim = config.count("head_dim", Math.max(1, dim / heads));
    this.maxPositions = config.count(keys.positions(), defaultMaxPositions());
  }

  /**
   * Whether blocks have a part that some models of a family have and others not: a flag says so, or
   * the first block holds the tensor.
   */
  final boolean has(boolean said, String tensor) {
    String name = blocks() + ".0." + tensor;
    return said
        || source.find(name).isPresent()
        || source.find(name.substring(prefix().length())).isPresent();
  }

  /** Whether there is a linear map of that complete name, packed or not. */
  final boolean stored(String module) {
    return source.find(module + ".weight").isPresent() || source.quantizedNames().contains(module);
  }

  private int kvHeads(Keys keys) {
    return switch (keys.kvHeads()) {
      case "" -> heads;
      case ONE -> 1;
      default -> config.count(keys.kvHeads(), heads);
    };
  }

  /** The whole decoder. */
  final DecoderSpec spec() {
    List<BlockSpec> blocks = new ArrayList<>(layers);
    for (int i = 0; i < layers; i++) {
      blocks.add(new BlockSpec(blocks() + "." + i, attention(i), feedForward(i), residual(i)));
    }
    return new DecoderSpec(
        modelType, prefix(), vocab, dim, maxPositions, embedding(), blocks, head());
  }

  /** What the names of everything but the head begin with. */
  String prefix() {
    return "model.";
  }

  /** The name of the list of blocks. */
  String blocks() {
    return prefix() + "layers";
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
    return EmbeddingSpec.of(prefix() + "embed_tokens", dim);
  }

  boolean tiedByDefault() {
    return false;
  }

  final boolean tied() {
    return config.flag("tie_word_embeddings", tiedByDefault());
  }

  String finalNorm() {
    return prefix() + "norm";
  }

  LinearSpec output() {
    return LinearSpec.of("lm_head", dim, vocab, false);
  }

  HeadSpec head() {
    return HeadSpec.of(norm(finalNorm(), dim), output(), tied());
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

  double scale(int layer) {
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
        attentionOutput(),
        position(layer),
        (float) scale(layer),
        window(layer),
        softcap(),
        clip(),
        headNorms(),
        headDim,
        Optional.empty());
  }

  LinearSpec attentionOutput() {
    return LinearSpec.of("self_attn.o_proj", heads * headDim, dim, outputBias());
  }

  /** The cap on attention scores, or 0. */
  float softcap() {
    return 0;
  }

  /** The bound on queries, keys and values, or 0. */
  float clip() {
    return 0;
  }

  FeedForwardSpec feedForward(int layer) {
    return gated("mlp.", config.count("intermediate_size"));
  }

  final FeedForwardSpec.Gated gated(String parent, int hidden) {
    return new FeedForwardSpec.Gated(
        LinearSpec.of(parent + "gate_proj", dim, hidden, mlpBias()),
        LinearSpec.of(parent + "up_proj", dim, hidden, mlpBias()),
        LinearSpec.of(parent + "down_proj", hidden, dim, mlpBias()),
        activation());
  }

  ActivationKernel.Function activation() {
    return config.activation("hidden_act", "silu");
  }

  /** The maps {@code up} and {@code down} of a plain feed-forward. */
  final FeedForwardSpec plain(String up, String down, int hidden, boolean bias) {
    return new FeedForwardSpec.Plain(
        LinearSpec.of(up, dim, hidden, bias), LinearSpec.of(down, hidden, dim, bias), activation());
  }

  /** One map that gives queries, keys and values. */
  final ProjectionSpec fused(String name, FusedOrder order) {
    int out = (heads + 2 * kvHeads) * headDim;
    return new ProjectionSpec.Fused(LinearSpec.of(name, dim, out, qkvBias()), order);
  }

  /** Makes sure that each token's experts can be found among {@code experts}. */
  final int perToken(int experts) {
    return perToken("num_experts_per_tok", experts);
  }

  /** The same where the number goes by another key. */
  final int perToken(String key, int experts) {
    int perToken = config.count(key);
    if (perToken > experts) {
      throw config.fault(key, "at most " + experts + " experts", "the number " + perToken, "");
    }
    return perToken;
  }

  /**
   * Experts by {@code mlp_layer_types}, where the configuration has that list.
   *
   * @param otherwise whether a layer has experts where it has not
   */
  final boolean sparseByType(int layer, BooleanSupplier otherwise) {
    return config.has("mlp_layer_types")
        ? config.texts("mlp_layer_types", layers).get(layer).equals("sparse")
        : otherwise.getAsBoolean();
  }

  /** {@code experts} gated feed-forwards named {@code mlp.experts.INDEX}. */
  final List<FeedForwardSpec> experts(int experts, int hidden) {
    return expertNames().usual(experts, dim, hidden, mlpBias(), activation());
  }

  /** Which names of a mixture's the file has. */
  final ExpertNames expertNames() {
    if (expertNames == null) {
      expertNames = new ExpertNames(source, blocks().substring(blocks().lastIndexOf('.') + 1));
    }
    return expertNames;
  }

  ResidualSpec residual(int layer) {
    return ResidualSpec.pre(norm("input_layernorm", dim), norm("post_attention_layernorm", dim));
  }

  /**
   * Windows by {@code layer_types}, where the configuration has that list.
   *
   * @param otherwise whether a layer slides where it has not
   */
  final boolean slides(int layer, BooleanSupplier otherwise) {
    if (!config.has("layer_types")) {
      return otherwise.getAsBoolean();
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

package dev.ashlar.nn.architecture;

import dev.ashlar.nn.decoder.AttentionSpec;
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
import dev.ashlar.tensor.weights.WeightSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * OPT (Zhang et al., arXiv 2205.01068) and Galactica: learned positions, plain feed-forward; the
 * 350M model has its norms after the sums and narrower embeddings.
 */
final class Opt implements Architecture {
  /** The first rows of the position table are left over from another library's padding. */
  private static final int POSITION_OFFSET = 2;

  private static final float EPS = 1e-5f;

  @Override
  public String modelType() {
    return "opt";
  }

  @Override
  public DecoderSpec spec(Map<String, Object> values, WeightSource source) {
    Config config = new Config(values, source);
    int dim = config.count("hidden_size");
    int vocab = config.count("vocab_size");
    int layers = config.count("num_hidden_layers");
    int positions = config.count("max_position_embeddings", 2048);
    int narrow = config.count("word_embed_proj_dim", dim);
    boolean normsBefore = config.flag("do_layer_norm_before", true);
    List<BlockSpec> blocks = new ArrayList<>();
    for (int i = 0; i < layers; i++) {
      blocks.add(block("model.decoder.layers." + i, config, dim, normsBefore));
    }
    boolean finalNorm = normsBefore && !config.flag("_remove_final_layer_norm", false);
    return new DecoderSpec(
        modelType(),
        "model.",
        vocab,
        dim,
        positions,
        new EmbeddingSpec(
            "model.decoder.embed_tokens",
            narrow,
            1,
            Optional.of(
                new EmbeddingSpec.Learned(
                    "model.decoder.embed_positions", positions + POSITION_OFFSET, POSITION_OFFSET)),
            narrow == dim
                ? Optional.empty()
                : Optional.of(LinearSpec.of("model.decoder.project_in", narrow, dim, false)),
            Optional.empty()),
        blocks,
        new HeadSpec(
            finalNorm
                ? Optional.of(norm("model.decoder.final_layer_norm", config, dim))
                : Optional.empty(),
            narrow == dim
                ? Optional.empty()
                : Optional.of(LinearSpec.of("model.decoder.project_out", dim, narrow, false)),
            LinearSpec.of("lm_head", narrow, vocab, false),
            config.flag("tie_word_embeddings", true),
            1,
            0));
  }

  private static NormSpec norm(String name, Config config, int dim) {
    boolean affine = config.flag("layer_norm_elementwise_affine", true);
    return new NormSpec.Layer(name, dim, EPS, affine, affine, 0);
  }

  private static BlockSpec block(String name, Config config, int dim, boolean normsBefore) {
    int heads = config.count("num_attention_heads");
    config.divides("hidden_size", dim, "num_attention_heads", heads);
    int headDim = dim / heads;
    int hidden = config.count("ffn_dim");
    boolean bias = config.flag("enable_bias", true);
    NormSpec first = norm("self_attn_layer_norm", config, dim);
    NormSpec second = norm("final_layer_norm", config, dim);
    return new BlockSpec(
        name,
        new AttentionSpec(
            heads,
            heads,
            headDim,
            new ProjectionSpec.Separate(
                LinearSpec.of("self_attn.q_proj", dim, dim, bias),
                LinearSpec.of("self_attn.k_proj", dim, dim, bias),
                LinearSpec.of("self_attn.v_proj", dim, dim, bias)),
            LinearSpec.of("self_attn.out_proj", dim, dim, bias),
            new PositionSpec.None(),
            (float) (1 / Math.sqrt(headDim)),
            0,
            0,
            0,
            Optional.empty(),
            headDim,
            Optional.empty()),
        new FeedForwardSpec.Plain(
            LinearSpec.of("fc1", dim, hidden, bias),
            LinearSpec.of("fc2", hidden, dim, bias),
            config.activation("activation_function", "relu")),
        normsBefore ? ResidualSpec.pre(first, second) : new ResidualSpec.AfterSum(first, second));
  }
}

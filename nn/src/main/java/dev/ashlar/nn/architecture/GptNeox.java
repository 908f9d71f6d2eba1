package dev.ashlar.nn.architecture;

import dev.ashlar.nn.decoder.AttentionSpec.FusedOrder;
import dev.ashlar.nn.decoder.AttentionSpec.ProjectionSpec;
import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.nn.decoder.EmbeddingSpec;
import dev.ashlar.nn.decoder.FeedForwardSpec;
import dev.ashlar.nn.decoder.LinearSpec;
import dev.ashlar.nn.decoder.NormSpec;
import dev.ashlar.nn.decoder.PositionSpec;
import dev.ashlar.nn.decoder.ResidualSpec;
import dev.ashlar.tensor.kernel.ActivationKernel.Function;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.Map;
import java.util.Optional;

/**
 * GPT-NeoX and Pythia (Black et al., arXiv 2204.06745): parallel halves, a quarter of each head
 * turns.
 */
final class GptNeox implements Architecture {
  private static final String HEAD = "embed_out";

  /** How transformers calls the head since its fifth version, and so the loaders built on it. */
  private static final String LOADED_HEAD = "lm_head";

  @Override
  public String modelType() {
    return "gpt_neox";
  }

  @Override
  public String loaded(String name) {
    return head(name, HEAD, LOADED_HEAD);
  }

  @Override
  public String published(String name) {
    return head(name, LOADED_HEAD, HEAD);
  }

  private static String head(String name, String from, String to) {
    return name.equals(from) || name.startsWith(from + ".")
        ? to + name.substring(from.length())
        : name;
  }

  @Override
  public DecoderSpec spec(Map<String, Object> config, WeightSource source) {
    return new Style(modelType(), config, source).spec();
  }

  /** What it does differently. */
  static class Style extends LlamaStyle {
    Style(String modelType, Map<String, Object> config, WeightSource source) {
      super(modelType, config, source);
    }

    @Override
    NormSpec norm(String name, int size) {
      return NormSpec.layer(name, size, (float) config.positive("layer_norm_eps", 1e-5));
    }

    @Override
    String prefix() {
      return "gpt_neox.";
    }

    @Override
    EmbeddingSpec embedding() {
      return EmbeddingSpec.of(prefix() + "embed_in", dim);
    }

    @Override
    String finalNorm() {
      return prefix() + "final_layer_norm";
    }

    @Override
    LinearSpec output() {
      boolean loaded = stored(LOADED_HEAD);
      return LinearSpec.of(loaded ? LOADED_HEAD : HEAD, dim, vocab, false);
    }

    @Override
    boolean qkvBias() {
      return config.flag("attention_bias", true);
    }

    @Override
    ProjectionSpec projection(int layer) {
      return fused("attention.query_key_value", FusedOrder.GROUPS);
    }

    @Override
    LinearSpec attentionOutput() {
      return LinearSpec.of("attention.dense", dim, dim, qkvBias());
    }

    /** Outside of the section the base and the fraction have names that no other family has. */
    @Override
    PositionSpec position(int layer) {
      double theta = config.positive("rotary_emb_base", 10_000);
      double partial = config.positive("rotary_pct", 0.25);
      Config named = config.with(Map.of("rope_theta", theta, "partial_rotary_factor", partial));
      return new PositionSpec.Rotary(Rope.read(named, headDim, maxPositions, false));
    }

    @Override
    Function activation() {
      return config.activation("hidden_act", "gelu");
    }

    @Override
    FeedForwardSpec feedForward(int layer) {
      int hidden = config.count("intermediate_size");
      return plain("mlp.dense_h_to_4h", "mlp.dense_4h_to_h", hidden, true);
    }

    @Override
    ResidualSpec residual(int layer) {
      NormSpec first = norm("input_layernorm", dim);
      NormSpec second = norm("post_attention_layernorm", dim);
      return config.flag("use_parallel_residual", true)
          ? new ResidualSpec.Parallel(first, Optional.of(second))
          : ResidualSpec.pre(first, second);
    }
  }
}

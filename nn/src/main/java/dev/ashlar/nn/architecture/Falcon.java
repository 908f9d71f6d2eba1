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

/** Falcon (Almazrouei et al., arXiv 2311.16867), in all its forms: 7B, 40B, RW and 2-11B. */
final class Falcon implements Architecture {
  @Override
  public String modelType() {
    return "falcon";
  }

  @Override
  public DecoderSpec spec(Map<String, Object> config, WeightSource source) {
    return new Style(modelType(), config, source).spec();
  }

  /** What it does differently. */
  static class Style extends LlamaStyle {
    Style(String modelType, Map<String, Object> config, WeightSource source) {
      super(modelType, config, source, keys(config));
    }

    /** The old architecture has one key/value head or as many as heads; it says which by a flag. */
    private static Keys keys(Map<String, Object> config) {
      boolean grouped = Boolean.TRUE.equals(config.get("new_decoder_architecture"));
      boolean several = Boolean.FALSE.equals(config.get("multi_query"));
      String kvHeads = grouped ? "num_kv_heads" : several ? "" : ONE;
      return new Keys(
          "hidden_size",
          "num_hidden_layers",
          "num_attention_heads",
          kvHeads,
          "max_position_embeddings");
    }

    @Override
    NormSpec norm(String name, int size) {
      return NormSpec.layer(name, size, (float) config.positive("layer_norm_epsilon", 1e-5));
    }

    @Override
    String prefix() {
      return "transformer.";
    }

    @Override
    String blocks() {
      return prefix() + "h";
    }

    @Override
    EmbeddingSpec embedding() {
      return EmbeddingSpec.of(prefix() + "word_embeddings", dim);
    }

    @Override
    String finalNorm() {
      return prefix() + "ln_f";
    }

    @Override
    boolean tiedByDefault() {
      return true;
    }

    @Override
    boolean qkvBias() {
      return config.flag("bias", false);
    }

    private boolean grouped() {
      return config.flag("new_decoder_architecture", false);
    }

    /** Of one key/value head, a group is everything. */
    @Override
    ProjectionSpec projection(int layer) {
      return fused("self_attention.query_key_value", FusedOrder.GROUPS);
    }

    @Override
    LinearSpec attentionOutput() {
      return LinearSpec.of("self_attention.dense", heads * headDim, dim, qkvBias());
    }

    /** The bias is added before the scores are scaled, so that it is scaled too. */
    @Override
    PositionSpec position(int layer) {
      return config.flag("alibi", false)
          ? new PositionSpec.Alibi((float) (1 / Math.sqrt(headDim)))
          : super.position(layer);
    }

    @Override
    Function activation() {
      return config.activation("activation", "gelu");
    }

    @Override
    FeedForwardSpec feedForward(int layer) {
      int hidden = config.count("ffn_hidden_size", 4 * dim);
      return plain("mlp.dense_h_to_4h", "mlp.dense_4h_to_h", hidden, qkvBias());
    }

    @Override
    ResidualSpec residual(int layer) {
      if (grouped() && config.natural("num_ln_in_parallel_attn", 2) == 2) {
        return new ResidualSpec.Parallel(norm("ln_attn", dim), Optional.of(norm("ln_mlp", dim)));
      }
      NormSpec first = norm("input_layernorm", dim);
      return grouped() || config.flag("parallel_attn", true)
          ? new ResidualSpec.Parallel(first, Optional.empty())
          : ResidualSpec.pre(first, norm("post_attention_layernorm", dim));
    }
  }
}

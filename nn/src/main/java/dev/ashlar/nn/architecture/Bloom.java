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
 * BLOOM (BigScience, arXiv 2211.05100): linear biases instead of positions, normalized embeddings.
 */
final class Bloom implements Architecture {
  @Override
  public String modelType() {
    return "bloom";
  }

  @Override
  public DecoderSpec spec(Map<String, Object> config, WeightSource source) {
    return new Style(modelType(), config, source).spec();
  }

  /** What it does differently. */
  static class Style extends LlamaStyle {
    Style(String modelType, Map<String, Object> config, WeightSource source) {
      super(modelType, config, source, new Keys("n_embed", "n_layer", "n_head", "", "seq_length"));
    }

    /** Its biases have no end: only what a configuration says was trained on. */
    @Override
    int defaultMaxPositions() {
      return Integer.MAX_VALUE;
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
      return new EmbeddingSpec(
          prefix() + "word_embeddings",
          dim,
          1,
          Optional.empty(),
          Optional.empty(),
          Optional.of(norm(prefix() + "word_embeddings_layernorm", dim)));
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
      return true;
    }

    @Override
    PositionSpec position(int layer) {
      return new PositionSpec.Alibi(1);
    }

    @Override
    ProjectionSpec projection(int layer) {
      return fused("self_attention.query_key_value", FusedOrder.GROUPS);
    }

    @Override
    LinearSpec attentionOutput() {
      return LinearSpec.of("self_attention.dense", dim, dim, true);
    }

    @Override
    Function activation() {
      return Function.GELU_TANH;
    }

    @Override
    FeedForwardSpec feedForward(int layer) {
      return plain("mlp.dense_h_to_4h", "mlp.dense_4h_to_h", 4 * dim, true);
    }

    @Override
    ResidualSpec residual(int layer) {
      NormSpec first = norm("input_layernorm", dim);
      NormSpec second = norm("post_attention_layernorm", dim);
      return config.flag("apply_residual_connection_post_layernorm", false)
          ? new ResidualSpec.FromNormed(first, second)
          : ResidualSpec.pre(first, second);
    }
  }
}

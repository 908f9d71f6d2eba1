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

/** MPT (MosaicML): linear biases instead of positions, layer norms without bias. */
final class Mpt implements Architecture {
  @Override
  public String modelType() {
    return "mpt";
  }

  @Override
  public DecoderSpec spec(Map<String, Object> config, WeightSource source) {
    return new Style(modelType(), config, source).spec();
  }

  /** What it does differently. */
  static class Style extends LlamaStyle {
    Style(String modelType, Map<String, Object> config, WeightSource source) {
      super(
          modelType, config, source, new Keys("d_model", "n_layers", "n_heads", "", "max_seq_len"));
    }

    /** The section about attention; an empty one if there is none. */
    private Config attention() {
      return config.section("attn_config").orElse(config.empty());
    }

    @Override
    NormSpec norm(String name, int size) {
      float eps = (float) config.positive("layer_norm_epsilon", 1e-5);
      return new NormSpec.Layer(name, size, eps, true, false, 0);
    }

    @Override
    String prefix() {
      return "transformer.";
    }

    @Override
    String blocks() {
      return prefix() + "blocks";
    }

    @Override
    EmbeddingSpec embedding() {
      return EmbeddingSpec.of(prefix() + "wte", dim);
    }

    @Override
    String finalNorm() {
      return prefix() + "norm_f";
    }

    @Override
    boolean tiedByDefault() {
      return true;
    }

    @Override
    boolean qkvBias() {
      return false;
    }

    @Override
    double scale(int layer) {
      return attention().positive("softmax_scale", super.scale(layer));
    }

    @Override
    float clip() {
      return attention().has("clip_qkv") ? (float) attention().positive("clip_qkv") : 0;
    }

    /** The peers compute the bias even where the configuration speaks of learned positions. */
    @Override
    PositionSpec position(int layer) {
      if (attention().natural("alibi_bias_max", 8) != 8 || attention().flag("qk_ln", false)) {
        throw config.fault(
            "attn_config", "alibi_bias_max 8 and no qk_ln", "others", "no such model is known");
      }
      return new PositionSpec.Alibi(1);
    }

    @Override
    ProjectionSpec projection(int layer) {
      return fused("attn.Wqkv", FusedOrder.BLOCKS);
    }

    @Override
    LinearSpec attentionOutput() {
      return LinearSpec.of("attn.out_proj", dim, dim, false);
    }

    @Override
    Function activation() {
      return Function.GELU;
    }

    @Override
    FeedForwardSpec feedForward(int layer) {
      return plain("ffn.up_proj", "ffn.down_proj", 4 * dim, false);
    }

    @Override
    ResidualSpec residual(int layer) {
      return ResidualSpec.pre(norm("norm_1", dim), norm("norm_2", dim));
    }
  }
}

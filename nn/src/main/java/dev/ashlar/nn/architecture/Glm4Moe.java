package dev.ashlar.nn.architecture;

import dev.ashlar.nn.decoder.AttentionSpec.HeadNormSpec;
import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.nn.decoder.FeedForwardSpec;
import dev.ashlar.nn.decoder.PositionSpec;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.Map;
import java.util.Optional;

/** GLM 4.5 and 4.6 (GLM-4.5 Team, arXiv 2508.06471): a mixture routed like DeepSeek-V3's. */
final class Glm4Moe implements Architecture {
  private static final Map<String, Object> DEFAULTS =
      Map.of(
          "num_key_value_heads",
          8,
          "n_routed_experts",
          128,
          "n_shared_experts",
          1,
          "num_experts_per_tok",
          8,
          "moe_intermediate_size",
          1408);

  @Override
  public String modelType() {
    return "glm4_moe";
  }

  @Override
  public DecoderSpec spec(Map<String, Object> config, WeightSource source) {
    return new Style(modelType(), Config.complete(config, DEFAULTS), source).spec();
  }

  /** What it does differently. */
  static class Style extends LlamaStyle {
    Style(String modelType, Map<String, Object> config, WeightSource source) {
      super(modelType, config, source);
    }

    @Override
    float eps() {
      return (float) config.positive("rms_norm_eps", 1e-5);
    }

    @Override
    boolean outputBias() {
      return false;
    }

    @Override
    int defaultMaxPositions() {
      return 131_072;
    }

    @Override
    PositionSpec position(int layer) {
      return new PositionSpec.Rotary(Rope.read(config, headDim, maxPositions, false, 0.5));
    }

    @Override
    Optional<HeadNormSpec> headNorms() {
      return has(config.flag("use_qk_norm", false), "self_attn.q_norm.weight")
          ? Optional.of(
              new HeadNormSpec(
                  norm("self_attn.q_norm", headDim), norm("self_attn.k_norm", headDim), false))
          : Optional.empty();
    }

    @Override
    FeedForwardSpec feedForward(int layer) {
      return layer < config.natural("first_k_dense_replace", 1)
          ? super.feedForward(layer)
          : DeepseekV2.Style.mixture(this, DeepseekV3.corrected(this));
    }
  }
}

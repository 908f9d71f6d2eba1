package dev.ashlar.nn.architecture;

import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.nn.decoder.FeedForwardSpec;
import dev.ashlar.nn.decoder.FeedForwardSpec.RouterSpec;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.Map;

/** GLM 4.7 Flash (Z.ai): the latents and experts of DeepSeek-V3. */
final class Glm4MoeLite implements Architecture {
  private static final Map<String, Object> DEFAULTS =
      Map.of(
          "kv_lora_rank",
          512,
          "q_lora_rank",
          768,
          "qk_nope_head_dim",
          192,
          "qk_rope_head_dim",
          64,
          "v_head_dim",
          256,
          "n_routed_experts",
          64,
          "n_shared_experts",
          1,
          "num_experts_per_tok",
          4,
          "moe_intermediate_size",
          1536,
          "routed_scaling_factor",
          1.8);

  @Override
  public String modelType() {
    return "glm4_moe_lite";
  }

  @Override
  public DecoderSpec spec(Map<String, Object> config, WeightSource source) {
    return new Style(modelType(), Config.complete(rotary(config), DEFAULTS), source).spec();
  }

  /** The peers take one for the other. */
  private static Map<String, Object> rotary(Map<String, Object> config) {
    return config.get("head_dim") == null
        ? config
        : Config.complete(config, Map.of("qk_rope_head_dim", config.get("head_dim")));
  }

  /** What it does differently. */
  static class Style extends DeepseekV2.Style {
    Style(String modelType, Map<String, Object> config, WeightSource source) {
      super(modelType, config, source);
    }

    @Override
    float eps() {
      return (float) config.positive("rms_norm_eps", 1e-5);
    }

    @Override
    int defaultMaxPositions() {
      return 202_752;
    }

    @Override
    RouterSpec router() {
      return DeepseekV3.corrected(this);
    }

    @Override
    FeedForwardSpec feedForward(int layer) {
      boolean sparse =
          sparseByType(layer, () -> layer >= config.natural("first_k_dense_replace", 1));
      return sparse ? mixture(this, router()) : gated("mlp.", config.count("intermediate_size"));
    }
  }
}

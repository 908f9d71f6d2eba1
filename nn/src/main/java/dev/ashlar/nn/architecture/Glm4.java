package dev.ashlar.nn.architecture;

import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.nn.decoder.ResidualSpec;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.Map;
import java.util.Optional;

/** GLM 4-0414: GLM with norms on both sides of each half. */
final class Glm4 implements Architecture {
  private static final Map<String, Object> DEFAULTS =
      Map.of("num_key_value_heads", 2, "head_dim", 128, "rms_norm_eps", 1.5625e-07);

  @Override
  public String modelType() {
    return "glm4";
  }

  @Override
  public DecoderSpec spec(Map<String, Object> config, WeightSource source) {
    return new Style(modelType(), Config.complete(config, DEFAULTS), source).spec();
  }

  /** What it does differently. */
  static class Style extends Glm.Style {
    Style(String modelType, Map<String, Object> config, WeightSource source) {
      super(modelType, config, source);
    }

    @Override
    ResidualSpec residual(int layer) {
      return new ResidualSpec.Sequential(
          Optional.of(norm("input_layernorm", dim)),
          Optional.of(norm("post_self_attn_layernorm", dim)),
          Optional.of(norm("post_attention_layernorm", dim)),
          Optional.of(norm("post_mlp_layernorm", dim)),
          1);
    }
  }
}

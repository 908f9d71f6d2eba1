package dev.ashlar.nn.architecture;

import dev.ashlar.nn.decoder.AttentionSpec.HeadNormSpec;
import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.nn.decoder.FeedForwardSpec;
import dev.ashlar.nn.decoder.PositionSpec;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.Map;
import java.util.Optional;

/** Solar Open (Upstage): Llama attention with the experts of GLM 4.5 in every layer. */
final class SolarOpen implements Architecture {
  private static final Map<String, Object> DEFAULTS =
      Map.of(
          "num_key_value_heads",
          8,
          "head_dim",
          128,
          "n_routed_experts",
          128,
          "n_shared_experts",
          1,
          "num_experts_per_tok",
          8,
          "moe_intermediate_size",
          1280,
          "rope_theta",
          1_000_000.0);

  @Override
  public String modelType() {
    return "solar_open";
  }

  @Override
  public DecoderSpec spec(Map<String, Object> config, WeightSource source) {
    return new Style(modelType(), Config.complete(config, DEFAULTS), source).spec();
  }

  /** What it does differently. */
  static class Style extends Glm4Moe.Style {
    Style(String modelType, Map<String, Object> config, WeightSource source) {
      super(modelType, config, source);
    }

    @Override
    PositionSpec position(int layer) {
      return new PositionSpec.Rotary(Rope.read(config, headDim, maxPositions, false));
    }

    @Override
    Optional<HeadNormSpec> headNorms() {
      return Optional.empty();
    }

    @Override
    FeedForwardSpec feedForward(int layer) {
      return DeepseekV2.Style.mixture(this, DeepseekV3.corrected(this));
    }
  }
}

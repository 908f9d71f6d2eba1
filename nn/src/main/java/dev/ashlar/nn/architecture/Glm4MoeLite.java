package dev.ashlar.nn.architecture;

import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.nn.decoder.FeedForwardSpec;
import dev.ashlar.nn.decoder.FeedForwardSpec.RouterSpec;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.Map;

/** GLM 4.7 Flash (Z.ai): the latents and experts of DeepSeek-V3. */
final class Glm4MoeLite implements Architecture {
  @Override
  public String modelType() {
    return "glm4_moe_lite";
  }

  @Override
  public DecoderSpec spec(Map<String, Object> config, WeightSource source) {
    return new Style(modelType(), config, source).spec();
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

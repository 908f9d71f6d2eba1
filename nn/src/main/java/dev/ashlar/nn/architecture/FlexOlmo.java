package dev.ashlar.nn.architecture;

import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.nn.decoder.FeedForwardSpec;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.Map;

/** FlexOlmo (Ai2): OLMo 2 with a mixture of experts. */
final class FlexOlmo implements Architecture {
  private static final Map<String, Object> DEFAULTS =
      Map.of("num_experts", 7, "num_experts_per_tok", 5, "rope_theta", 500_000.0);

  @Override
  public String modelType() {
    return "flex_olmo";
  }

  @Override
  public DecoderSpec spec(Map<String, Object> config, WeightSource source) {
    return new Style(modelType(), Config.complete(config, DEFAULTS), source).spec();
  }

  /** What it does differently. */
  static class Style extends Olmo2.Style {
    Style(String modelType, Map<String, Object> config, WeightSource source) {
      super(modelType, config, source);
    }

    @Override
    float eps() {
      return (float) config.positive("rms_norm_eps", 1e-6);
    }

    @Override
    int defaultMaxPositions() {
      return 4096;
    }

    @Override
    FeedForwardSpec feedForward(int layer) {
      return Olmoe.mixture(this);
    }
  }
}

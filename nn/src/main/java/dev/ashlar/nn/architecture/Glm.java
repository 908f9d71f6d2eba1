package dev.ashlar.nn.architecture;

import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.nn.decoder.FeedForwardSpec;
import dev.ashlar.nn.decoder.LinearSpec;
import dev.ashlar.nn.decoder.PositionSpec;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.Map;

/**
 * GLM 4 9B in the library's own format (GLM Team, arXiv 2406.12793): half of each head turns,
 * interleaved.
 */
final class Glm implements Architecture {
  private static final Map<String, Object> DEFAULTS =
      Map.of("num_key_value_heads", 2, "head_dim", 128, "rms_norm_eps", 1.5625e-07);

  @Override
  public String modelType() {
    return "glm";
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
    boolean qkvBias() {
      return config.flag("attention_bias", true);
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
      return new PositionSpec.Rotary(Rope.read(config, headDim, maxPositions, true, 0.5));
    }

    @Override
    FeedForwardSpec feedForward(int layer) {
      int hidden = config.count("intermediate_size");
      return new FeedForwardSpec.FusedGated(
          LinearSpec.of("mlp.gate_up_proj", dim, 2 * hidden, false),
          LinearSpec.of("mlp.down_proj", hidden, dim, false),
          activation());
    }
  }
}

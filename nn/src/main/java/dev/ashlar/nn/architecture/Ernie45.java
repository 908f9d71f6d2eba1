package dev.ashlar.nn.architecture;

import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.nn.decoder.PositionSpec;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.Map;

/** ERNIE 4.5 dense (Baidu): Llama with interleaved rotation and optional biases. */
final class Ernie45 implements Architecture {
  private static final Map<String, Object> DEFAULTS =
      Map.of(
          "num_key_value_heads",
          2,
          "head_dim",
          128,
          "rope_theta",
          500_000.0,
          "max_position_embeddings",
          131_072);

  @Override
  public String modelType() {
    return "ernie4_5";
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
    boolean qkvBias() {
      return config.flag("use_bias", false);
    }

    @Override
    boolean mlpBias() {
      return qkvBias();
    }

    @Override
    boolean tiedByDefault() {
      return true;
    }

    @Override
    PositionSpec position(int layer) {
      return new PositionSpec.Rotary(Rope.read(config, headDim, maxPositions, true));
    }
  }
}

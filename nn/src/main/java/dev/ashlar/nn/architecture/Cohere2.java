package dev.ashlar.nn.architecture;

import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.nn.decoder.PositionSpec;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.Map;

/** Command R7B (Cohere): sliding layers that rotate, and full ones without positions. */
final class Cohere2 implements Architecture {
  @Override
  public String modelType() {
    return "cohere2";
  }

  @Override
  public DecoderSpec spec(Map<String, Object> config, WeightSource source) {
    return new Style(modelType(), config, source).spec();
  }

  /** What it does differently. */
  static class Style extends Cohere.Style {
    Style(String modelType, Map<String, Object> config, WeightSource source) {
      super(modelType, config, source);
    }

    private boolean sliding(int layer) {
      return slides(layer, () -> (layer + 1) % config.count("sliding_window_pattern", 4) != 0);
    }

    @Override
    int window(int layer) {
      return sliding(layer) ? config.natural("sliding_window", 4096) : 0;
    }

    @Override
    PositionSpec position(int layer) {
      return sliding(layer) ? super.position(layer) : new PositionSpec.None();
    }
  }
}

package dev.ashlar.nn.architecture;

import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.Map;

/** Ministral 8B (Mistral): Mistral in which some layers slide. */
final class Ministral implements Architecture {
  private static final Map<String, Object> DEFAULTS = Map.of("num_key_value_heads", 8);

  @Override
  public String modelType() {
    return "ministral";
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
      return false;
    }

    @Override
    int defaultMaxPositions() {
      return 4096 * 32;
    }

    @Override
    int window(int layer) {
      int window = config.natural("sliding_window", config.declares("sliding_window") ? 0 : 4096);
      return slides(layer, () -> true) ? window : 0;
    }
  }
}

package dev.ashlar.nn.architecture;

import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.nn.decoder.PositionSpec;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.Map;

/** SmolLM 3 (Hugging Face): Llama in which some layers do not rotate. */
final class Smollm3 implements Architecture {
  private static final Map<String, Object> DEFAULTS =
      Map.of("num_key_value_heads", 4, "rope_theta", 2_000_000.0);

  @Override
  public String modelType() {
    return "smollm3";
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
    boolean tiedByDefault() {
      return true;
    }

    @Override
    int defaultMaxPositions() {
      return 32_768;
    }

    /** Where the configuration does not say which, those slide that do not rotate. */
    @Override
    int window(int layer) {
      boolean any = config.flag("use_sliding_window", false);
      return any && slides(layer, () -> !rotates(layer)) ? config.natural("sliding_window", 0) : 0;
    }

    @Override
    PositionSpec position(int layer) {
      return rotates(layer) ? super.position(layer) : new PositionSpec.None();
    }

    /** In the list, 1 stands for a layer that rotates. */
    private boolean rotates(int layer) {
      return config.has("no_rope_layers")
          ? config.naturals("no_rope_layers", layers).get(layer) != 0
          : (layer + 1) % config.count("no_rope_layer_interval", 4) != 0;
    }
  }
}

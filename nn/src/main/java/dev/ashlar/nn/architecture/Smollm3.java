package dev.ashlar.nn.architecture;

import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.nn.decoder.PositionSpec;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.List;
import java.util.Map;

/** SmolLM 3 (Hugging Face): Llama in which some layers do not rotate. */
final class Smollm3 implements Architecture {
  @Override
  public String modelType() {
    return "smollm3";
  }

  @Override
  public DecoderSpec spec(Map<String, Object> config, WeightSource source) {
    return new Style(modelType(), config, source).spec();
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

    @Override
    int window(int layer) {
      boolean any = config.flag("use_sliding_window", false);
      return any && slides(layer, () -> false) ? config.natural("sliding_window", 0) : 0;
    }

    /** In the list, 1 stands for a layer that rotates. */
    @Override
    PositionSpec position(int layer) {
      boolean rotates;
      if (config.has("no_rope_layers")) {
        List<Integer> list = config.naturals("no_rope_layers");
        if (list.size() != layers) {
          throw config.fault("no_rope_layers", layers + " entries", list.size() + " entries", "");
        }
        rotates = list.get(layer) != 0;
      } else {
        rotates = (layer + 1) % config.count("no_rope_layer_interval", 4) != 0;
      }
      return rotates ? super.position(layer) : new PositionSpec.None();
    }
  }
}

package dev.ashlar.nn.architecture;

import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.Map;

/** Qwen 2 and 2.5 (Yang et al., arXiv 2407.10671): Llama with biases on queries, keys, values. */
final class Qwen2 implements Architecture {
  private static final Map<String, Object> DEFAULTS =
      Map.of("num_key_value_heads", 32, "sliding_window", 4096);

  @Override
  public String modelType() {
    return "qwen2";
  }

  @Override
  public DecoderSpec spec(Map<String, Object> config, WeightSource source) {
    return new Style(modelType(), Config.complete(config, DEFAULTS), source).spec();
  }

  /** What the Qwen 2 families share. */
  static class Style extends LlamaStyle {
    Style(String modelType, Map<String, Object> config, WeightSource source) {
      super(modelType, config, source);
    }

    @Override
    boolean qkvBias() {
      return config.flag("qkv_bias", true);
    }

    @Override
    boolean outputBias() {
      return false;
    }

    @Override
    int defaultMaxPositions() {
      return 32768;
    }

    /** Only the layers from {@code max_window_layers} on slide, if any do. */
    @Override
    int window(int layer) {
      int window =
          config.flag("use_sliding_window", false) ? config.natural("sliding_window", 0) : 0;
      if (window == 0) {
        return 0;
      }
      return slides(layer, () -> layer >= config.natural("max_window_layers", 28)) ? window : 0;
    }
  }
}

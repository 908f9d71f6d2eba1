package dev.ashlar.nn.architecture;

import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.Map;

/** Code World Model (Meta): Llama 3 in which three of four layers slide. */
final class Cwm implements Architecture {
  @Override
  public String modelType() {
    return "cwm";
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
    float eps() {
      return (float) config.positive("rms_norm_eps", 1e-5);
    }

    @Override
    boolean qkvBias() {
      return false;
    }

    @Override
    int defaultMaxPositions() {
      return 131_072;
    }

    @Override
    int window(int layer) {
      return slides(layer, () -> layer % 4 != 0) ? config.natural("sliding_window", 8192) : 0;
    }
  }
}

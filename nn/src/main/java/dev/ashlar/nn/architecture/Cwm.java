package dev.ashlar.nn.architecture;

import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.Map;

/** Code World Model (Meta): Llama 3 in which three of four layers slide. */
final class Cwm implements Architecture {
  private static final Map<String, Object> DEFAULTS =
      Map.of("head_dim", 128, "num_key_value_heads", 8, "rope_theta", 1_000_000.0);

  /** Where a configuration says nothing of a section. */
  private static final Map<String, Object> ROPE =
      Map.of(
          "rope_type",
          "llama3",
          "rope_theta",
          1_000_000.0,
          "factor",
          16.0,
          "low_freq_factor",
          1.0,
          "high_freq_factor",
          4.0,
          "original_max_position_embeddings",
          8192);

  @Override
  public String modelType() {
    return "cwm";
  }

  @Override
  public DecoderSpec spec(Map<String, Object> config, WeightSource source) {
    return new Style(modelType(), Rope.complete(Config.complete(config, DEFAULTS), ROPE), source)
        .spec();
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

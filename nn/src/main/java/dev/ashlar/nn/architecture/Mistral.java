package dev.ashlar.nn.architecture;

import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.Map;

/**
 * Mistral (Jiang et al., arXiv 2310.06825): Llama with a sliding window in every layer, or none.
 */
final class Mistral implements Architecture {
  private static final Map<String, Object> DEFAULTS = Map.of("num_key_value_heads", 8);

  /** Where the configuration is silent; a null there means no window. */
  private static final int DEFAULT_WINDOW = 4096;

  @Override
  public String modelType() {
    return "mistral";
  }

  @Override
  public DecoderSpec spec(Map<String, Object> config, WeightSource source) {
    return new LlamaStyle(modelType(), Config.complete(config, DEFAULTS), source) {
      @Override
      int window(int layer) {
        int window = this.config.declares("sliding_window") ? 0 : DEFAULT_WINDOW;
        return this.config.natural("sliding_window", window);
      }

      @Override
      int defaultMaxPositions() {
        return 4096 * 32;
      }
    }.spec();
  }
}

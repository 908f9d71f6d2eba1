package dev.ashlar.nn.architecture;

import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.nn.decoder.FeedForwardSpec;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.Map;

/** dots.llm1 (rednote): Qwen 3 attention with the experts of DeepSeek-V3. */
final class Dots1 implements Architecture {
  private static final Map<String, Object> DEFAULTS =
      Map.of(
          "num_key_value_heads",
          32,
          "moe_intermediate_size",
          1408,
          "norm_topk_prob",
          false,
          "max_position_embeddings",
          2048,
          "sliding_window",
          4096);

  @Override
  public String modelType() {
    return "dots1";
  }

  @Override
  public DecoderSpec spec(Map<String, Object> config, WeightSource source) {
    return new Style(modelType(), Config.complete(config, DEFAULTS), source).spec();
  }

  /** What it does differently. */
  static class Style extends Qwen3.Style {
    Style(String modelType, Map<String, Object> config, WeightSource source) {
      super(modelType, config, source);
    }

    @Override
    int window(int layer) {
      int window = config.natural("sliding_window", 0);
      return slides(layer, () -> layer >= config.natural("max_window_layers", 62)) ? window : 0;
    }

    @Override
    FeedForwardSpec feedForward(int layer) {
      return layer < config.natural("first_k_dense_replace", 0)
          ? super.feedForward(layer)
          : DeepseekV2.Style.mixture(this, DeepseekV3.corrected(this));
    }
  }
}

package dev.ashlar.nn.architecture;

import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.Map;

/** Seed-OSS (ByteDance): Llama with biases on queries, keys and values. */
final class SeedOss implements Architecture {
  private static final Map<String, Object> DEFAULTS =
      Map.of("num_key_value_heads", 8, "head_dim", 128, "max_position_embeddings", 524_288);

  @Override
  public String modelType() {
    return "seed_oss";
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
      return config.flag("attention_bias", true);
    }

    @Override
    boolean outputBias() {
      return config.flag("attention_out_bias", false);
    }
  }
}

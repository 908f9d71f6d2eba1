package dev.ashlar.nn.architecture;

import dev.ashlar.nn.decoder.AttentionSpec.HeadNormSpec;
import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.Map;
import java.util.Optional;

/** Qwen 3 (Yang et al., arXiv 2505.09388): normalized queries and keys instead of biases. */
final class Qwen3 implements Architecture {
  private static final Map<String, Object> DEFAULTS =
      Map.of("num_key_value_heads", 32, "head_dim", 128, "sliding_window", 4096);

  @Override
  public String modelType() {
    return "qwen3";
  }

  @Override
  public DecoderSpec spec(Map<String, Object> config, WeightSource source) {
    return new Style(modelType(), Config.complete(config, DEFAULTS), source).spec();
  }

  /** What the Qwen 3 families share. */
  static class Style extends Qwen2.Style {
    Style(String modelType, Map<String, Object> config, WeightSource source) {
      super(modelType, config, source);
    }

    @Override
    boolean qkvBias() {
      return config.flag("attention_bias", false);
    }

    @Override
    boolean outputBias() {
      return qkvBias();
    }

    @Override
    Optional<HeadNormSpec> headNorms() {
      return Optional.of(
          new HeadNormSpec(
              norm("self_attn.q_norm", headDim), norm("self_attn.k_norm", headDim), false));
    }
  }
}

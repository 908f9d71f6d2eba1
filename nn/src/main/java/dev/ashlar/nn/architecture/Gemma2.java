package dev.ashlar.nn.architecture;

import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.nn.decoder.HeadSpec;
import dev.ashlar.nn.decoder.ResidualSpec;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.Map;
import java.util.Optional;

/**
 * Gemma 2 (Gemma Team, arXiv 2408.00118): norms on both sides, capped scores, every other layer
 * slides.
 */
final class Gemma2 implements Architecture {
  private static final Map<String, Object> DEFAULTS =
      Map.of("num_key_value_heads", 4, "head_dim", 256);

  @Override
  public String modelType() {
    return "gemma2";
  }

  @Override
  public DecoderSpec spec(Map<String, Object> config, WeightSource source) {
    return new Style(modelType(), Config.complete(config, DEFAULTS), source).spec();
  }

  /** What it does differently. */
  static class Style extends Gemma.Style {
    Style(String modelType, Map<String, Object> config, WeightSource source) {
      super(modelType, config, source);
    }

    @Override
    ResidualSpec residual(int layer) {
      return new ResidualSpec.Sequential(
          Optional.of(norm("input_layernorm", dim)),
          Optional.of(norm("post_attention_layernorm", dim)),
          Optional.of(norm("pre_feedforward_layernorm", dim)),
          Optional.of(norm("post_feedforward_layernorm", dim)),
          1);
    }

    @Override
    double scale(int layer) {
      return 1 / Math.sqrt(config.positive("query_pre_attn_scalar", 256));
    }

    @Override
    float softcap() {
      return cap("attn_logit_softcapping", 50);
    }

    /** A cap; null means none, and a missing key the default. */
    final float cap(String key, double otherwise) {
      return config.declares(key) && !config.has(key) ? 0 : (float) config.positive(key, otherwise);
    }

    @Override
    HeadSpec head() {
      return new HeadSpec(
          Optional.of(norm(finalNorm(), dim)), Optional.empty(), output(), tied(), 1, logitCap());
    }

    float logitCap() {
      return cap("final_logit_softcapping", 30);
    }

    @Override
    int window(int layer) {
      return slides(layer, () -> layer % 2 == 0) ? config.natural("sliding_window", 4096) : 0;
    }
  }
}

package dev.ashlar.nn.architecture;

import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.nn.decoder.HeadSpec;
import dev.ashlar.nn.decoder.ResidualSpec;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.Map;
import java.util.Optional;

/** HyperCLOVA X SEED (Naver): Granite with norms behind both halves too. */
final class HyperClovaX implements Architecture {
  @Override
  public String modelType() {
    return "hyperclovax";
  }

  @Override
  public DecoderSpec spec(Map<String, Object> config, WeightSource source) {
    return new Style(modelType(), config, source).spec();
  }

  /** What it does differently. */
  static class Style extends Granite.Style {
    Style(String modelType, Map<String, Object> config, WeightSource source) {
      super(modelType, config, source);
    }

    @Override
    double scale(int layer) {
      return config.positive("attention_multiplier", 1 / Math.sqrt(headDim));
    }

    @Override
    ResidualSpec residual(int layer) {
      boolean after = has(config.flag("use_post_norm", true), "post_norm1.weight");
      return new ResidualSpec.Sequential(
          Optional.of(norm("input_layernorm", dim)),
          after ? Optional.of(norm("post_norm1", dim)) : Optional.empty(),
          Optional.of(norm("post_attention_layernorm", dim)),
          after ? Optional.of(norm("post_norm2", dim)) : Optional.empty(),
          (float) config.positive("residual_multiplier", 1));
    }

    /** Granite divides by the same key. */
    @Override
    HeadSpec head() {
      return new HeadSpec(
          Optional.of(norm(finalNorm(), dim)),
          Optional.empty(),
          output(),
          tied(),
          (float) config.positive("logits_scaling", 1),
          0);
    }
  }
}

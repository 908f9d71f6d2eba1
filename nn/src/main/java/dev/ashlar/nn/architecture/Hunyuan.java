package dev.ashlar.nn.architecture;

import dev.ashlar.nn.decoder.AttentionSpec.HeadNormSpec;
import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.Map;
import java.util.Optional;

/** Hunyuan dense (Tencent): queries and keys are normalized after they are rotated. */
final class Hunyuan implements Architecture {
  @Override
  public String modelType() {
    return "hunyuan_v1_dense";
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
    Optional<HeadNormSpec> headNorms() {
      return Optional.of(
          new HeadNormSpec(
              norm("self_attn.query_layernorm", headDim),
              norm("self_attn.key_layernorm", headDim),
              true));
    }
  }
}

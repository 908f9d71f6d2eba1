package dev.ashlar.nn.architecture;

import dev.ashlar.nn.decoder.AttentionSpec.HeadNormSpec;
import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.nn.decoder.ResidualSpec;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.Map;
import java.util.Optional;

/** OLMo 2 (OLMo Team, arXiv 2501.00656): norms after the halves, normalized queries and keys. */
final class Olmo2 implements Architecture {
  @Override
  public String modelType() {
    return "olmo2";
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
              norm("self_attn.q_norm", heads * headDim),
              norm("self_attn.k_norm", kvHeads * headDim),
              false));
    }

    @Override
    ResidualSpec residual(int layer) {
      return new ResidualSpec.Sequential(
          Optional.empty(),
          Optional.of(norm("post_attention_layernorm", dim)),
          Optional.empty(),
          Optional.of(norm("post_feedforward_layernorm", dim)),
          1);
    }
  }
}

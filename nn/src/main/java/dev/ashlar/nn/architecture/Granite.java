package dev.ashlar.nn.architecture;

import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.nn.decoder.EmbeddingSpec;
import dev.ashlar.nn.decoder.HeadSpec;
import dev.ashlar.nn.decoder.ResidualSpec;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.Map;
import java.util.Optional;

/** Granite (IBM): Llama with multipliers on embeddings, scores, residuals and logits. */
final class Granite implements Architecture {
  @Override
  public String modelType() {
    return "granite";
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
    EmbeddingSpec embedding() {
      return EmbeddingSpec.scaled(
          prefix() + "embed_tokens", dim, (float) config.positive("embedding_multiplier", 1));
    }

    @Override
    double scale(int layer) {
      return config.positive("attention_multiplier", 1);
    }

    @Override
    ResidualSpec residual(int layer) {
      return new ResidualSpec.Sequential(
          Optional.of(norm("input_layernorm", dim)),
          Optional.empty(),
          Optional.of(norm("post_attention_layernorm", dim)),
          Optional.empty(),
          (float) config.positive("residual_multiplier", 1));
    }

    @Override
    HeadSpec head() {
      return new HeadSpec(
          Optional.of(norm(finalNorm(), dim)),
          Optional.empty(),
          output(),
          tied(),
          (float) (1 / config.positive("logits_scaling", 1)),
          0);
    }
  }
}

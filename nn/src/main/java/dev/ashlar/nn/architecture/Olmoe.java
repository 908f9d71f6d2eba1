package dev.ashlar.nn.architecture;

import dev.ashlar.nn.decoder.AttentionSpec.HeadNormSpec;
import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.nn.decoder.FeedForwardSpec;
import dev.ashlar.nn.decoder.FeedForwardSpec.RouterSpec;
import dev.ashlar.nn.decoder.LinearSpec;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.Map;
import java.util.Optional;

/** OLMoE (Muennighoff et al., arXiv 2409.02060): a mixture with normalized queries and keys. */
final class Olmoe implements Architecture {
  private static final Map<String, Object> DEFAULTS =
      Map.of("num_experts", 64, "num_experts_per_tok", 8);

  @Override
  public String modelType() {
    return "olmoe";
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
    float eps() {
      return (float) config.positive("rms_norm_eps", 1e-5);
    }

    @Override
    int defaultMaxPositions() {
      return 4096;
    }

    @Override
    float clip() {
      return config.has("clip_qkv") ? (float) config.positive("clip_qkv") : 0;
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
    FeedForwardSpec feedForward(int layer) {
      return mixture(this);
    }
  }

  /** The experts that FlexOlmo took over. */
  static FeedForwardSpec mixture(LlamaStyle style) {
    int count = style.config.count("num_experts");
    return new FeedForwardSpec.Experts(
        RouterSpec.softmax(
            LinearSpec.of("mlp.gate", style.dim, count, false),
            style.perToken(count),
            style.config.flag("norm_topk_prob", false)),
        style.experts(count, style.config.count("intermediate_size")),
        Optional.empty(),
        Optional.empty());
  }
}

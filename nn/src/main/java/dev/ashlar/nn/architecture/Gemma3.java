package dev.ashlar.nn.architecture;

import dev.ashlar.nn.decoder.AttentionSpec.HeadNormSpec;
import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.nn.decoder.PositionSpec;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.Map;
import java.util.Optional;

/**
 * Gemma 3, the text part (Gemma Team, arXiv 2503.19786): five sliding layers for each full one,
 * with rotary embeddings of their own.
 */
final class Gemma3 implements Architecture {
  private static final Map<String, Object> DEFAULTS =
      Map.of("num_key_value_heads", 4, "head_dim", 256);

  @Override
  public String modelType() {
    return "gemma3_text";
  }

  @Override
  public DecoderSpec spec(Map<String, Object> config, WeightSource source) {
    return new Style(modelType(), Config.complete(config, DEFAULTS), source).spec();
  }

  /** What it does differently. */
  static class Style extends Gemma2.Style {
    Style(String modelType, Map<String, Object> config, WeightSource source) {
      super(modelType, config, source);
    }

    private static final double LOCAL_THETA = 10_000;
    private static final double GLOBAL_THETA = 1_000_000;

    @Override
    Optional<HeadNormSpec> headNorms() {
      return Optional.of(
          new HeadNormSpec(
              norm("self_attn.q_norm", headDim), norm("self_attn.k_norm", headDim), false));
    }

    @Override
    float softcap() {
      return cap("attn_logit_softcapping", 0);
    }

    @Override
    float logitCap() {
      return cap("final_logit_softcapping", 0);
    }

    @Override
    int defaultMaxPositions() {
      return 131_072;
    }

    private boolean sliding(int layer) {
      return slides(layer, () -> (layer + 1) % pattern() != 0);
    }

    private int pattern() {
      return config.count("sliding_window_pattern", config.count("_sliding_window_pattern", 6));
    }

    @Override
    int window(int layer) {
      return sliding(layer) ? config.natural("sliding_window", 4096) : 0;
    }

    /** Only full layers are stretched; sliding ones have a base of their own. */
    @Override
    PositionSpec position(int layer) {
      boolean sliding = sliding(layer);
      return new PositionSpec.Rotary(
          Rope.readKind(
              config,
              sliding ? "sliding_attention" : "full_attention",
              sliding ? "rope_local_base_freq" : "rope_theta",
              sliding ? LOCAL_THETA : GLOBAL_THETA,
              !sliding,
              headDim,
              maxPositions));
    }
  }
}

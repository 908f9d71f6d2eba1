package dev.ashlar.nn.architecture;

import dev.ashlar.nn.decoder.AttentionSpec.HeadNormSpec;
import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.nn.decoder.PositionSpec;
import dev.ashlar.nn.decoder.ResidualSpec;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.Map;
import java.util.Optional;

/**
 * EXAONE 4 (LG AI Research, arXiv 2507.11407): norms after the halves; sliding layers rotate, full
 * ones do not.
 */
final class Exaone4 implements Architecture {
  private static final Map<String, Object> DEFAULTS = Map.of("num_key_value_heads", 32);

  @Override
  public String modelType() {
    return "exaone4";
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
    Optional<HeadNormSpec> headNorms() {
      return Optional.of(
          new HeadNormSpec(
              norm("self_attn.q_norm", headDim), norm("self_attn.k_norm", headDim), false));
    }

    private boolean sliding(int layer) {
      return window() > 0 && slides(layer, () -> (layer + 1) % pattern() != 0);
    }

    private int pattern() {
      return config.count("sliding_window_pattern", 4);
    }

    private int window() {
      return config.natural("sliding_window", config.declares("sliding_window") ? 0 : 4096);
    }

    @Override
    int window(int layer) {
      return sliding(layer) ? window() : 0;
    }

    /** Without any window all layers rotate. */
    @Override
    PositionSpec position(int layer) {
      return window() == 0 || sliding(layer) ? super.position(layer) : new PositionSpec.None();
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

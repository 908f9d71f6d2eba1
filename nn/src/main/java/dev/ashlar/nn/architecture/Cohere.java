package dev.ashlar.nn.architecture;

import dev.ashlar.nn.decoder.AttentionSpec.HeadNormSpec;
import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.nn.decoder.HeadSpec;
import dev.ashlar.nn.decoder.NormSpec;
import dev.ashlar.nn.decoder.PositionSpec;
import dev.ashlar.nn.decoder.ResidualSpec;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.Map;
import java.util.Optional;

/**
 * Command R (Cohere): parallel halves, layer norms without bias, interleaved rotation, scaled
 * logits.
 */
final class Cohere implements Architecture {
  private static final Map<String, Object> DEFAULTS = Map.of("rope_theta", 500_000.0);

  @Override
  public String modelType() {
    return "cohere";
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
      return (float) config.positive("layer_norm_eps", 1e-5);
    }

    @Override
    NormSpec norm(String name, int size) {
      return new NormSpec.Layer(name, size, eps(), true, false, 0);
    }

    @Override
    int defaultMaxPositions() {
      return 8192;
    }

    @Override
    PositionSpec position(int layer) {
      return new PositionSpec.Rotary(Rope.read(config, headDim, maxPositions, true));
    }

    @Override
    Optional<HeadNormSpec> headNorms() {
      return has(config.flag("use_qk_norm", false), "self_attn.q_norm.weight")
          ? Optional.of(
              new HeadNormSpec(
                  new NormSpec.PerHead("self_attn.q_norm", heads, headDim, eps(), false),
                  new NormSpec.PerHead("self_attn.k_norm", kvHeads, headDim, eps(), false),
                  false))
          : Optional.empty();
    }

    @Override
    ResidualSpec residual(int layer) {
      return new ResidualSpec.Parallel(norm("input_layernorm", dim), Optional.empty());
    }

    @Override
    boolean tiedByDefault() {
      return true;
    }

    @Override
    HeadSpec head() {
      return new HeadSpec(
          Optional.of(norm(finalNorm(), dim)),
          Optional.empty(),
          output(),
          tied(),
          (float) config.positive("logit_scale", 0.0625),
          0);
    }
  }
}

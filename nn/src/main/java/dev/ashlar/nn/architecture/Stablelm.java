package dev.ashlar.nn.architecture;

import dev.ashlar.nn.decoder.AttentionSpec.HeadNormSpec;
import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.nn.decoder.NormSpec;
import dev.ashlar.nn.decoder.PositionSpec;
import dev.ashlar.nn.decoder.ResidualSpec;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.Map;
import java.util.Optional;

/** StableLM (Bellagente et al., arXiv 2402.17834): layer norms, a quarter of each head turns. */
final class Stablelm implements Architecture {
  private static final Map<String, Object> DEFAULTS = Map.of("num_key_value_heads", 32);

  @Override
  public String modelType() {
    return "stablelm";
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
      return NormSpec.layer(name, size, eps());
    }

    @Override
    boolean qkvBias() {
      return config.flag("use_qkv_bias", false);
    }

    @Override
    boolean outputBias() {
      return false;
    }

    @Override
    int defaultMaxPositions() {
      return 4096;
    }

    @Override
    PositionSpec position(int layer) {
      return new PositionSpec.Rotary(Rope.read(config, headDim, maxPositions, false, 0.25));
    }

    @Override
    Optional<HeadNormSpec> headNorms() {
      return has(config.flag("qk_layernorm", false), "self_attn.q_layernorm.norms.0.weight")
          ? Optional.of(
              new HeadNormSpec(
                  new NormSpec.PerHead("self_attn.q_layernorm.norms", heads, headDim, eps(), true),
                  new NormSpec.PerHead(
                      "self_attn.k_layernorm.norms", kvHeads, headDim, eps(), true),
                  false))
          : Optional.empty();
    }

    @Override
    ResidualSpec residual(int layer) {
      return config.flag("use_parallel_residual", false)
          ? new ResidualSpec.Parallel(norm("input_layernorm", dim), Optional.empty())
          : super.residual(layer);
    }
  }
}

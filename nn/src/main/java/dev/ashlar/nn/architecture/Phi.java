package dev.ashlar.nn.architecture;

import dev.ashlar.nn.decoder.AttentionSpec.HeadNormSpec;
import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.nn.decoder.FeedForwardSpec;
import dev.ashlar.nn.decoder.LinearSpec;
import dev.ashlar.nn.decoder.NormSpec;
import dev.ashlar.nn.decoder.PositionSpec;
import dev.ashlar.nn.decoder.ResidualSpec;
import dev.ashlar.tensor.kernel.ActivationKernel.Function;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.Map;
import java.util.Optional;

/** Phi 1 to 2 (Li et al., arXiv 2309.05463): parallel halves, layer norms, biases everywhere. */
final class Phi implements Architecture {
  @Override
  public String modelType() {
    return "phi";
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
    NormSpec norm(String name, int size) {
      return NormSpec.layer(name, size, (float) config.positive("layer_norm_eps", 1e-5));
    }

    @Override
    boolean qkvBias() {
      return true;
    }

    @Override
    LinearSpec attentionOutput() {
      return LinearSpec.of("self_attn.dense", heads * headDim, dim, true);
    }

    @Override
    PositionSpec position(int layer) {
      return new PositionSpec.Rotary(Rope.read(config, headDim, maxPositions, false, 0.5));
    }

    @Override
    Optional<HeadNormSpec> headNorms() {
      return has(config.flag("qk_layernorm", false), "self_attn.q_layernorm.weight")
          ? Optional.of(
              new HeadNormSpec(
                  norm("self_attn.q_layernorm", headDim),
                  norm("self_attn.k_layernorm", headDim),
                  false))
          : Optional.empty();
    }

    @Override
    Function activation() {
      return config.activation("hidden_act", "gelu_new");
    }

    @Override
    FeedForwardSpec feedForward(int layer) {
      return plain("mlp.fc1", "mlp.fc2", config.count("intermediate_size"), true);
    }

    @Override
    ResidualSpec residual(int layer) {
      return new ResidualSpec.Parallel(norm("input_layernorm", dim), Optional.empty());
    }

    @Override
    String finalNorm() {
      return prefix() + "final_layernorm";
    }

    @Override
    LinearSpec output() {
      return LinearSpec.of("lm_head", dim, vocab, true);
    }
  }
}

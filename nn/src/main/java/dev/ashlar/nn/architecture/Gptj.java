package dev.ashlar.nn.architecture;

import dev.ashlar.nn.decoder.AttentionSpec.ProjectionSpec;
import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.nn.decoder.EmbeddingSpec;
import dev.ashlar.nn.decoder.FeedForwardSpec;
import dev.ashlar.nn.decoder.LinearSpec;
import dev.ashlar.nn.decoder.NormSpec;
import dev.ashlar.nn.decoder.PositionSpec;
import dev.ashlar.nn.decoder.ResidualSpec;
import dev.ashlar.tensor.kernel.ActivationKernel.Function;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.Map;
import java.util.Optional;

/** GPT-J (Wang and Komatsuzaki, 2021): parallel halves, interleaved rotation. */
final class Gptj implements Architecture {
  @Override
  public String modelType() {
    return "gptj";
  }

  @Override
  public DecoderSpec spec(Map<String, Object> config, WeightSource source) {
    return new Style(modelType(), config, source).spec();
  }

  /** What it does differently. */
  static class Style extends LlamaStyle {
    Style(String modelType, Map<String, Object> config, WeightSource source) {
      super(modelType, config, source, GPT_KEYS);
    }

    @Override
    NormSpec norm(String name, int size) {
      return NormSpec.layer(name, size, (float) config.positive("layer_norm_epsilon", 1e-5));
    }

    @Override
    String prefix() {
      return "transformer.";
    }

    @Override
    String blocks() {
      return prefix() + "h";
    }

    @Override
    EmbeddingSpec embedding() {
      return EmbeddingSpec.of(prefix() + "wte", dim);
    }

    @Override
    String finalNorm() {
      return prefix() + "ln_f";
    }

    @Override
    LinearSpec output() {
      return LinearSpec.of("lm_head", dim, vocab, true);
    }

    @Override
    PositionSpec position(int layer) {
      int turning = config.count("rotary_dim", 64);
      if (turning > headDim || turning % 2 != 0) {
        throw config.fault(
            "rotary_dim", "an even number up to " + headDim, "the number " + turning, "");
      }
      return new PositionSpec.Rotary(Rope.readDim(config, turning, maxPositions, true));
    }

    @Override
    ProjectionSpec projection(int layer) {
      return new ProjectionSpec.Separate(
          LinearSpec.of("attn.q_proj", dim, dim, false),
          LinearSpec.of("attn.k_proj", dim, dim, false),
          LinearSpec.of("attn.v_proj", dim, dim, false));
    }

    @Override
    LinearSpec attentionOutput() {
      return LinearSpec.of("attn.out_proj", dim, dim, false);
    }

    @Override
    Function activation() {
      return config.activation("activation_function", "gelu_new");
    }

    @Override
    FeedForwardSpec feedForward(int layer) {
      return plain("mlp.fc_in", "mlp.fc_out", config.count("n_inner", 4 * dim), true);
    }

    @Override
    ResidualSpec residual(int layer) {
      return new ResidualSpec.Parallel(norm("ln_1", dim), Optional.empty());
    }
  }
}

package dev.ashlar.nn.architecture;

import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.nn.decoder.FeedForwardSpec;
import dev.ashlar.nn.decoder.NormSpec;
import dev.ashlar.tensor.kernel.ActivationKernel.Function;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.Map;

/** StarCoder 2 (Lozhkov et al., arXiv 2402.19173): layer norms, biases, a sliding window. */
final class Starcoder2 implements Architecture {
  private static final Map<String, Object> DEFAULTS = Map.of("num_key_value_heads", 2);

  @Override
  public String modelType() {
    return "starcoder2";
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
    NormSpec norm(String name, int size) {
      return NormSpec.layer(name, size, (float) config.positive("norm_epsilon", 1e-5));
    }

    @Override
    boolean qkvBias() {
      return config.flag("use_bias", true);
    }

    @Override
    boolean tiedByDefault() {
      return true;
    }

    @Override
    int window(int layer) {
      return config.natural("sliding_window", 0);
    }

    @Override
    int defaultMaxPositions() {
      return 4096;
    }

    @Override
    Function activation() {
      return config.activation("hidden_act", "gelu_pytorch_tanh");
    }

    @Override
    FeedForwardSpec feedForward(int layer) {
      return plain("mlp.c_fc", "mlp.c_proj", config.count("intermediate_size"), qkvBias());
    }
  }
}

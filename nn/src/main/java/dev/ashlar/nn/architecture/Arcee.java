package dev.ashlar.nn.architecture;

import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.nn.decoder.FeedForwardSpec;
import dev.ashlar.tensor.kernel.ActivationKernel.Function;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.Map;

/** AFM (Arcee): Llama with a plain feed-forward of squared ReLU. */
final class Arcee implements Architecture {
  @Override
  public String modelType() {
    return "arcee";
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
    int defaultMaxPositions() {
      return 4096;
    }

    @Override
    Function activation() {
      return config.activation("hidden_act", "relu2");
    }

    @Override
    FeedForwardSpec feedForward(int layer) {
      int hidden = config.count("intermediate_size");
      return plain("mlp.up_proj", "mlp.down_proj", hidden, mlpBias());
    }
  }
}

package dev.ashlar.nn.architecture;

import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.nn.decoder.FeedForwardSpec;
import dev.ashlar.nn.decoder.NormSpec;
import dev.ashlar.nn.decoder.PositionSpec;
import dev.ashlar.tensor.kernel.ActivationKernel.Function;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.Map;

/** Nemotron (NVIDIA, arXiv 2402.16819): layer norms that multiply by 1 + weight, squared ReLU. */
final class Nemotron implements Architecture {
  @Override
  public String modelType() {
    return "nemotron";
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
      float eps = (float) config.positive("norm_eps", 1e-5);
      return new NormSpec.Layer(name, size, eps, true, true, 1);
    }

    @Override
    int defaultMaxPositions() {
      return 4096;
    }

    @Override
    PositionSpec position(int layer) {
      return new PositionSpec.Rotary(Rope.read(config, headDim, maxPositions, false, 0.5));
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

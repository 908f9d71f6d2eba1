package dev.ashlar.nn.architecture;

import dev.ashlar.nn.decoder.AttentionSpec.FusedOrder;
import dev.ashlar.nn.decoder.AttentionSpec.ProjectionSpec;
import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.nn.decoder.FeedForwardSpec;
import dev.ashlar.nn.decoder.LinearSpec;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.Map;

/** Phi 3 and 4 (Abdin et al., arXiv 2404.14219): fused projections, long rope. */
final class Phi3 implements Architecture {
  @Override
  public String modelType() {
    return "phi3";
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
    ProjectionSpec projection(int layer) {
      return fused("self_attn.qkv_proj", FusedOrder.BLOCKS);
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
    FeedForwardSpec feedForward(int layer) {
      int hidden = config.count("intermediate_size");
      return new FeedForwardSpec.FusedGated(
          LinearSpec.of("mlp.gate_up_proj", dim, 2 * hidden, false),
          LinearSpec.of("mlp.down_proj", hidden, dim, false),
          activation());
    }
  }
}

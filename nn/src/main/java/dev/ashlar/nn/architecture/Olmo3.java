package dev.ashlar.nn.architecture;

import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.nn.decoder.PositionSpec;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.Map;

/** OLMo 3 (Ai2): OLMo 2 in which three of four layers slide and are not stretched. */
final class Olmo3 implements Architecture {
  @Override
  public String modelType() {
    return "olmo3";
  }

  @Override
  public DecoderSpec spec(Map<String, Object> config, WeightSource source) {
    return new Style(modelType(), config, source).spec();
  }

  /** What it does differently. */
  static class Style extends Olmo2.Style {
    Style(String modelType, Map<String, Object> config, WeightSource source) {
      super(modelType, config, source);
    }

    private static final double THETA = 500_000;

    private boolean sliding(int layer) {
      return slides(layer, () -> (layer + 1) % 4 != 0);
    }

    @Override
    int window(int layer) {
      return sliding(layer) ? config.natural("sliding_window", 4096) : 0;
    }

    @Override
    PositionSpec position(int layer) {
      boolean sliding = sliding(layer);
      return new PositionSpec.Rotary(
          Rope.readKind(
              config,
              sliding ? "sliding_attention" : "full_attention",
              "rope_theta",
              THETA,
              !sliding,
              headDim,
              maxPositions));
    }
  }
}

package dev.ashlar.nn.architecture;

import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.nn.decoder.NormSpec;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.Map;

/** OLMo (Groeneveld et al., arXiv 2402.00838): layer norms without weights, clipped projections. */
final class Olmo implements Architecture {
  @Override
  public String modelType() {
    return "olmo";
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
      return new NormSpec.Layer(name, size, 1e-5f, false, false, 0);
    }

    @Override
    float clip() {
      return config.has("clip_qkv") ? (float) config.positive("clip_qkv") : 0;
    }
  }
}

package dev.ashlar.nn.architecture;

import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.Map;

/**
 * Llama 1 to 3 (Touvron et al., arXiv 2302.13971; Grattafiori et al., arXiv 2407.21783) and the
 * many models that share its code, such as SmolLM2 and TinyLlama.
 */
final class Llama implements Architecture {
  @Override
  public String modelType() {
    return "llama";
  }

  @Override
  public DecoderSpec spec(Map<String, Object> config, WeightSource source) {
    return new LlamaStyle(modelType(), config, source).spec();
  }
}

package dev.ashlar.nn.architecture;

import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.nn.decoder.EmbeddingSpec;
import dev.ashlar.nn.decoder.NormSpec;
import dev.ashlar.tensor.kernel.ActivationKernel.Function;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.Map;

/** Gemma (Gemma Team, arXiv 2403.08295): scaled embeddings, norms that multiply by 1 + weight. */
final class Gemma implements Architecture {
  private static final Map<String, Object> DEFAULTS =
      Map.of("num_key_value_heads", 16, "head_dim", 256);

  @Override
  public String modelType() {
    return "gemma";
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
      return new NormSpec.Rms(name, size, eps(), 1);
    }

    @Override
    EmbeddingSpec embedding() {
      return EmbeddingSpec.scaled(prefix() + "embed_tokens", dim, (float) Math.sqrt(dim));
    }

    @Override
    boolean tiedByDefault() {
      return true;
    }

    @Override
    int defaultMaxPositions() {
      return 8192;
    }

    /** The first configurations say "gelu" and mean the approximation. */
    @Override
    Function activation() {
      return config.activation("hidden_activation", "gelu_pytorch_tanh");
    }
  }
}

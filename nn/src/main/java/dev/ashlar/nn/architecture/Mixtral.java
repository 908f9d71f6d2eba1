package dev.ashlar.nn.architecture;

import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.nn.decoder.FeedForwardSpec;
import dev.ashlar.nn.decoder.FeedForwardSpec.RouterSpec;
import dev.ashlar.nn.decoder.LinearSpec;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Mixtral (Jiang et al., arXiv 2401.04088): Mistral with a mixture of experts. */
final class Mixtral implements Architecture {
  private static final Map<String, Object> DEFAULTS =
      Map.of(
          "num_key_value_heads",
          8,
          "num_local_experts",
          8,
          "num_experts_per_tok",
          2,
          "rope_theta",
          1_000_000.0);

  @Override
  public String modelType() {
    return "mixtral";
  }

  @Override
  public DecoderSpec spec(Map<String, Object> config, WeightSource source) {
    return new Style(modelType(), Config.complete(config, DEFAULTS), source).spec();
  }

  @Override
  public String loaded(String name) {
    return MixtralNames.loaded(name, "gate");
  }

  @Override
  public String published(String name) {
    return MixtralNames.published(name);
  }

  /** What Mixtral and its relatives share. */
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
      return 4096 * 32;
    }

    @Override
    int window(int layer) {
      return config.natural("sliding_window", 0);
    }

    /** Experts under the names that Mixtral gives them, or that others give Mixtral's. */
    final List<FeedForwardSpec> mixtralExperts(int count) {
      return expertNames().mixtral(count, dim, config.count("intermediate_size"), activation());
    }

    /** The map that chooses among that many experts. */
    LinearSpec router(int count) {
      String name = expertNames().first("block_sparse_moe.gate", "mlp.gate");
      return LinearSpec.of(name, dim, count, false);
    }

    @Override
    FeedForwardSpec feedForward(int layer) {
      int count = config.count("num_local_experts");
      return new FeedForwardSpec.Experts(
          RouterSpec.softmax(router(count), perToken(count), true),
          mixtralExperts(count),
          Optional.empty(),
          Optional.empty());
    }
  }
}

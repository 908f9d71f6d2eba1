package dev.ashlar.nn.architecture;

import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.nn.decoder.FeedForwardSpec;
import dev.ashlar.nn.decoder.FeedForwardSpec.Gated;
import dev.ashlar.nn.decoder.FeedForwardSpec.RouterSpec;
import dev.ashlar.nn.decoder.LinearSpec;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Mixtral (Jiang et al., arXiv 2401.04088): Mistral with a mixture of experts. */
final class Mixtral implements Architecture {
  @Override
  public String modelType() {
    return "mixtral";
  }

  @Override
  public DecoderSpec spec(Map<String, Object> config, WeightSource source) {
    return new Style(modelType(), config, source).spec();
  }

  /** What Mixtral and its relatives share. */
  static class Style extends LlamaStyle {
    private static final String PARENT = "block_sparse_moe.";

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

    /** Experts under the names that Mixtral gives them. */
    final List<FeedForwardSpec> mixtralExperts(int count) {
      int hidden = config.count("intermediate_size");
      List<FeedForwardSpec> experts = new ArrayList<>();
      for (int e = 0; e < count; e++) {
        String name = PARENT + "experts." + e + ".";
        experts.add(
            new Gated(
                LinearSpec.of(name + "w1", dim, hidden, false),
                LinearSpec.of(name + "w3", dim, hidden, false),
                LinearSpec.of(name + "w2", hidden, dim, false),
                activation()));
      }
      return experts;
    }

    @Override
    FeedForwardSpec feedForward(int layer) {
      int count = config.count("num_local_experts");
      return new FeedForwardSpec.Experts(
          RouterSpec.softmax(
              LinearSpec.of(PARENT + "gate", dim, count, false), perToken(count), true),
          mixtralExperts(count),
          Optional.empty(),
          Optional.empty());
    }
  }
}

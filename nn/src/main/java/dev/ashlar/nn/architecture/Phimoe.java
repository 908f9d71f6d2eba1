package dev.ashlar.nn.architecture;

import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.nn.decoder.FeedForwardSpec;
import dev.ashlar.nn.decoder.FeedForwardSpec.RouterSpec;
import dev.ashlar.nn.decoder.LinearSpec;
import dev.ashlar.nn.decoder.NormSpec;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.Map;
import java.util.Optional;

/** Phi 3.5 MoE (Abdin et al., arXiv 2404.14219): Mixtral with layer norms and SparseMixer. */
final class Phimoe implements Architecture {
  private static final Map<String, Object> DEFAULTS =
      Map.of(
          "num_key_value_heads",
          8,
          "num_local_experts",
          16,
          "num_experts_per_tok",
          2,
          "rope_theta",
          1_000_000.0);

  @Override
  public String modelType() {
    return "phimoe";
  }

  @Override
  public DecoderSpec spec(Map<String, Object> config, WeightSource source) {
    return new Style(modelType(), Config.complete(config, DEFAULTS), source).spec();
  }

  @Override
  public String loaded(String name) {
    return MixtralNames.loaded(name, "router");
  }

  @Override
  public String published(String name) {
    return MixtralNames.published(name);
  }

  /** What it does differently. */
  static class Style extends Mixtral.Style {
    Style(String modelType, Map<String, Object> config, WeightSource source) {
      super(modelType, config, source);
    }

    @Override
    NormSpec norm(String name, int size) {
      return NormSpec.layer(name, size, eps());
    }

    @Override
    LinearSpec router(int count) {
      String name =
          expertNames()
              .first("block_sparse_moe.gate", "mlp.router", "block_sparse_moe.router", "mlp.gate");
      return LinearSpec.of(name, dim, count, false);
    }

    @Override
    LinearSpec output() {
      return LinearSpec.of("lm_head", dim, vocab, config.flag("lm_head_bias", false));
    }

    @Override
    FeedForwardSpec feedForward(int layer) {
      int count = config.count("num_local_experts");
      if (count < 2 || perToken(count) != 2) {
        throw config.fault(
            "num_experts_per_tok", "2 experts of several", "the number " + perToken(count), "");
      }
      return new FeedForwardSpec.Experts(
          new RouterSpec.SparseMixer(router(count), config.positive("router_jitter_noise", 0.01)),
          mixtralExperts(count),
          Optional.empty(),
          Optional.empty());
    }
  }
}

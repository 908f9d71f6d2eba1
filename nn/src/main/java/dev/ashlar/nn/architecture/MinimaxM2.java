package dev.ashlar.nn.architecture;

import dev.ashlar.nn.decoder.AttentionSpec.HeadNormSpec;
import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.nn.decoder.FeedForwardSpec;
import dev.ashlar.nn.decoder.FeedForwardSpec.RouterSpec;
import dev.ashlar.nn.decoder.PositionSpec;
import dev.ashlar.nn.op.Route;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.Map;
import java.util.Optional;

/** MiniMax M2: norms over all heads of queries and keys, sigmoid routing. */
final class MinimaxM2 implements Architecture {
  private static final Map<String, Object> DEFAULTS =
      Map.of(
          "num_key_value_heads",
          8,
          "head_dim",
          128,
          "num_local_experts",
          256,
          "num_experts_per_tok",
          8,
          "rope_theta",
          5_000_000.0,
          "max_position_embeddings",
          196_608);

  @Override
  public String modelType() {
    return "minimax_m2";
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

  /** What it does differently. */
  static class Style extends Mixtral.Style {
    Style(String modelType, Map<String, Object> config, WeightSource source) {
      super(modelType, config, source);
    }

    @Override
    float eps() {
      return (float) config.positive("rms_norm_eps", 1e-6);
    }

    @Override
    int window(int layer) {
      return 0;
    }

    @Override
    PositionSpec position(int layer) {
      return new PositionSpec.Rotary(
          config.has("rotary_dim")
              ? Rope.readDim(config, config.count("rotary_dim"), maxPositions, false)
              : Rope.read(config, headDim, maxPositions, false));
    }

    @Override
    Optional<HeadNormSpec> headNorms() {
      return Optional.of(
          new HeadNormSpec(
              norm("self_attn.q_norm", heads * headDim),
              norm("self_attn.k_norm", kvHeads * headDim),
              false));
    }

    @Override
    FeedForwardSpec feedForward(int layer) {
      int count = config.count("num_local_experts");
      RouterSpec router =
          new RouterSpec.Scores(
              router(count),
              Route.Score.SIGMOID,
              perToken(count),
              true,
              1,
              Optional.of(
                  expertNames()
                      .first(
                          "block_sparse_moe.e_score_correction_bias",
                          "mlp.e_score_correction_bias",
                          "block_sparse_moe.gate.e_score_correction_bias",
                          "mlp.gate.e_score_correction_bias")),
              1,
              1,
              false);
      return new FeedForwardSpec.Experts(
          router, mixtralExperts(count), Optional.empty(), Optional.empty());
    }
  }
}

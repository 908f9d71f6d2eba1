package dev.ashlar.nn.architecture;

import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.nn.decoder.FeedForwardSpec;
import dev.ashlar.nn.decoder.FeedForwardSpec.RouterSpec;
import dev.ashlar.nn.decoder.LinearSpec;
import dev.ashlar.nn.decoder.ResidualSpec;
import dev.ashlar.nn.op.Route;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.Map;
import java.util.Optional;

/** K-EXAONE (LG AI Research): EXAONE 4 with norms before each half and a mixture of experts. */
final class ExaoneMoe implements Architecture {
  private static final Map<String, Object> DEFAULTS =
      Map.of(
          "num_key_value_heads",
          32,
          "num_experts",
          64,
          "num_experts_per_tok",
          8,
          "moe_intermediate_size",
          1024);

  @Override
  public String modelType() {
    return "exaone_moe";
  }

  @Override
  public DecoderSpec spec(Map<String, Object> config, WeightSource source) {
    return new Style(modelType(), Config.complete(config, DEFAULTS), source).spec();
  }

  /** What it does differently. */
  static class Style extends Exaone4.Style {
    Style(String modelType, Map<String, Object> config, WeightSource source) {
      super(modelType, config, source);
    }

    @Override
    ResidualSpec residual(int layer) {
      return ResidualSpec.pre(norm("input_layernorm", dim), norm("post_attention_layernorm", dim));
    }

    @Override
    FeedForwardSpec feedForward(int layer) {
      return sparseByType(layer, () -> layer >= config.natural("first_k_dense_replace", 1))
          ? mixture()
          : super.feedForward(layer);
    }

    private FeedForwardSpec mixture() {
      int count = config.count("num_experts");
      int hidden = config.count("moe_intermediate_size");
      int shared = config.natural("num_shared_experts", 1);
      return new FeedForwardSpec.Experts(
          router(count),
          experts(count, hidden),
          shared == 0
              ? Optional.empty()
              : Optional.of(gated("mlp.shared_experts.", shared * hidden)),
          Optional.empty());
    }

    private RouterSpec router(int count) {
      int groups = config.count("n_group", 1);
      config.divides("num_experts", count, "n_group", groups);
      return new RouterSpec.Scores(
          LinearSpec.of("mlp.gate", dim, count, false),
          Route.Score.SIGMOID,
          perToken(count),
          config.flag("norm_topk_prob", true),
          (float) config.positive("routed_scaling_factor", 2.5),
          Optional.of("mlp.e_score_correction_bias"),
          groups,
          Math.min(groups, config.count("topk_group", 1)),
          true);
    }
  }
}

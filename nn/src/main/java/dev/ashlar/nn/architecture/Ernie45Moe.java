package dev.ashlar.nn.architecture;

import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.nn.decoder.FeedForwardSpec;
import dev.ashlar.nn.decoder.FeedForwardSpec.RouterSpec;
import dev.ashlar.nn.decoder.LinearSpec;
import dev.ashlar.nn.op.Route;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.Map;
import java.util.Optional;

/** ERNIE 4.5 MoE (Baidu): experts chosen by corrected probabilities, some shared. */
final class Ernie45Moe implements Architecture {
  private static final Map<String, Object> DEFAULTS =
      Map.of(
          "num_key_value_heads",
          4,
          "moe_num_experts",
          64,
          "moe_k",
          6,
          "moe_intermediate_size",
          1536,
          "rope_theta",
          500_000.0,
          "max_position_embeddings",
          131_072);

  @Override
  public String modelType() {
    return "ernie4_5_moe";
  }

  @Override
  public DecoderSpec spec(Map<String, Object> config, WeightSource source) {
    return new Style(modelType(), Config.complete(config, DEFAULTS), source).spec();
  }

  /** What it does differently. */
  static class Style extends Ernie45.Style {
    Style(String modelType, Map<String, Object> config, WeightSource source) {
      super(modelType, config, source);
    }

    @Override
    FeedForwardSpec feedForward(int layer) {
      int interval = config.count("moe_layer_interval", 1);
      // The peers write -1 for the last layer.
      int last = (int) config.number("moe_layer_end_index", -1);
      boolean sparse =
          (layer + 1) % interval == 0
              && layer >= config.natural("moe_layer_start_index", 1)
              && layer <= (last < 0 ? layers - 1 : last);
      return sparse ? mixture() : super.feedForward(layer);
    }

    private FeedForwardSpec mixture() {
      int count = config.count("moe_num_experts");
      int hidden = config.count("moe_intermediate_size");
      int shared = config.natural("moe_num_shared_experts", 2);
      RouterSpec router =
          new RouterSpec.Scores(
              LinearSpec.of("mlp.gate", dim, count, false),
              Route.Score.SOFTMAX,
              perToken("moe_k", count),
              true,
              1,
              Optional.of("mlp.moe_statics.e_score_correction_bias"),
              1,
              1,
              false);
      return new FeedForwardSpec.Experts(
          router,
          experts(count, hidden),
          shared == 0
              ? Optional.empty()
              : Optional.of(gated("mlp.shared_experts.", shared * hidden)),
          Optional.empty());
    }
  }
}

package dev.ashlar.nn.architecture;

import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.nn.decoder.FeedForwardSpec.RouterSpec;
import dev.ashlar.nn.decoder.LinearSpec;
import dev.ashlar.nn.op.Route;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.Map;
import java.util.Optional;

/**
 * DeepSeek-V3 and R1 (arXiv 2412.19437): V2 with sigmoid scores, and a correction that evens out
 * the choice of experts without weighing them.
 */
final class DeepseekV3 implements Architecture {
  private static final Map<String, Object> DEFAULTS =
      Map.ofEntries(
          Map.entry("kv_lora_rank", 512),
          Map.entry("q_lora_rank", 1536),
          Map.entry("qk_nope_head_dim", 128),
          Map.entry("qk_rope_head_dim", 64),
          Map.entry("v_head_dim", 128),
          Map.entry("n_routed_experts", 256),
          Map.entry("n_shared_experts", 1),
          Map.entry("moe_intermediate_size", 2048),
          Map.entry("num_experts_per_tok", 8),
          Map.entry("n_group", 8),
          Map.entry("topk_group", 4),
          Map.entry("first_k_dense_replace", 3),
          Map.entry("routed_scaling_factor", 2.5),
          Map.entry("max_position_embeddings", 4096));

  @Override
  public String modelType() {
    return "deepseek_v3";
  }

  @Override
  public DecoderSpec spec(Map<String, Object> config, WeightSource source) {
    return new DeepseekV2.Style(modelType(), Config.complete(config, DEFAULTS), source) {
      @Override
      RouterSpec router() {
        return corrected(this);
      }
    }.spec();
  }

  /** The routing that GLM 4.5 took over. */
  static RouterSpec corrected(LlamaStyle style) {
    Config config = style.config;
    int experts = config.count("n_routed_experts");
    return new RouterSpec.Scores(
        LinearSpec.of("mlp.gate", style.dim, experts, false),
        Route.Score.SIGMOID,
        style.perToken(experts),
        config.flag("norm_topk_prob", true),
        (float) config.positive("routed_scaling_factor", 1),
        Optional.of("mlp.gate.e_score_correction_bias"),
        DeepseekV2.Style.groups(style, experts),
        DeepseekV2.Style.topGroups(style),
        true);
  }
}

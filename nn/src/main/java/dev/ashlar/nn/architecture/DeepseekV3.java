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
  @Override
  public String modelType() {
    return "deepseek_v3";
  }

  @Override
  public DecoderSpec spec(Map<String, Object> config, WeightSource source) {
    return new DeepseekV2.Style(modelType(), config, source) {
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

package dev.ashlar.nn.architecture;

import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.nn.decoder.FeedForwardSpec;
import dev.ashlar.nn.decoder.FeedForwardSpec.RouterSpec;
import dev.ashlar.nn.decoder.LinearSpec;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.Map;
import java.util.Optional;

/** Qwen 3 mixtures (Yang et al., arXiv 2505.09388). */
final class Qwen3Moe implements Architecture {
  private static final Map<String, Object> DEFAULTS =
      Map.of(
          "num_key_value_heads",
          4,
          "num_local_experts",
          128,
          "num_experts_per_tok",
          8,
          "moe_intermediate_size",
          768,
          "sliding_window",
          4096);

  @Override
  public String modelType() {
    return "qwen3_moe";
  }

  @Override
  public DecoderSpec spec(Map<String, Object> config, WeightSource source) {
    return new Qwen3.Style(modelType(), Config.complete(config, DEFAULTS), source) {
      /** All layers slide or none, whatever the configuration says of single ones. */
      @Override
      int window(int layer) {
        boolean any = this.config.flag("use_sliding_window", false);
        return any ? this.config.natural("sliding_window", 0) : 0;
      }

      @Override
      FeedForwardSpec feedForward(int layer) {
        return Qwen2Moe.sparse(this, layer) ? mixture() : super.feedForward(layer);
      }

      private FeedForwardSpec mixture() {
        int count = this.config.count("num_experts");
        return new FeedForwardSpec.Experts(
            RouterSpec.softmax(
                LinearSpec.of("mlp.gate", dim, count, false),
                perToken(count),
                this.config.flag("norm_topk_prob", false)),
            experts(count, this.config.count("moe_intermediate_size")),
            Optional.empty(),
            Optional.empty());
      }
    }.spec();
  }
}

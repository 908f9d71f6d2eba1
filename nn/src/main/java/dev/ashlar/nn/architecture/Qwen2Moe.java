package dev.ashlar.nn.architecture;

import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.nn.decoder.FeedForwardSpec;
import dev.ashlar.nn.decoder.FeedForwardSpec.RouterSpec;
import dev.ashlar.nn.decoder.LinearSpec;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.Map;
import java.util.Optional;

/** Qwen 1.5 and 2 mixtures (Yang et al., arXiv 2407.10671): experts and one shared by all. */
final class Qwen2Moe implements Architecture {
  private static final Map<String, Object> DEFAULTS =
      Map.of(
          "num_key_value_heads",
          16,
          "num_experts",
          60,
          "num_experts_per_tok",
          4,
          "moe_intermediate_size",
          1408,
          "shared_expert_intermediate_size",
          5632,
          "sliding_window",
          4096);

  @Override
  public String modelType() {
    return "qwen2_moe";
  }

  @Override
  public DecoderSpec spec(Map<String, Object> config, WeightSource source) {
    return new Qwen2.Style(modelType(), Config.complete(config, DEFAULTS), source) {
      /** Every other of the first {@code max_window_layers} slides, if any do. */
      @Override
      int window(int layer) {
        boolean any = this.config.flag("use_sliding_window", false);
        boolean slides =
            any
                && slides(
                    layer,
                    () -> layer % 2 == 0 && layer < this.config.natural("max_window_layers", 28));
        return slides ? this.config.natural("sliding_window", 0) : 0;
      }

      @Override
      FeedForwardSpec feedForward(int layer) {
        return sparse(this, layer) ? mixture() : super.feedForward(layer);
      }

      private FeedForwardSpec mixture() {
        int count = this.config.count("num_experts");
        int shared = this.config.count("shared_expert_intermediate_size");
        return new FeedForwardSpec.Experts(
            RouterSpec.softmax(
                LinearSpec.of("mlp.gate", dim, count, false),
                perToken(count),
                this.config.flag("norm_topk_prob", false)),
            experts(count, this.config.count("moe_intermediate_size")),
            Optional.of(gated("mlp.shared_expert.", shared)),
            Optional.of(LinearSpec.of("mlp.shared_expert_gate", dim, 1, false)));
      }
    }.spec();
  }

  /** Whether a layer of the Qwen mixtures is one. */
  static boolean sparse(LlamaStyle style, int layer) {
    return !style.config.naturals("mlp_only_layers").contains(layer)
        && (layer + 1) % style.config.count("decoder_sparse_step", 1) == 0;
  }
}

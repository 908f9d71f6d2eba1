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
  @Override
  public String modelType() {
    return "qwen3_moe";
  }

  @Override
  public DecoderSpec spec(Map<String, Object> config, WeightSource source) {
    return new Qwen3.Style(modelType(), config, source) {
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

package dev.ashlar.nn.architecture;

import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.nn.decoder.FeedForwardSpec;
import dev.ashlar.nn.decoder.FeedForwardSpec.RouterSpec;
import dev.ashlar.nn.decoder.LinearSpec;
import dev.ashlar.nn.decoder.LinearSpec.Stack;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Granite 3 MoE (IBM): Granite with experts that lie stacked in two tensors. */
final class GraniteMoe implements Architecture {
  @Override
  public String modelType() {
    return "granitemoe";
  }

  @Override
  public DecoderSpec spec(Map<String, Object> config, WeightSource source) {
    return new Style(modelType(), config, source).spec();
  }

  /** What it does differently. */
  static class Style extends Granite.Style {
    Style(String modelType, Map<String, Object> config, WeightSource source) {
      super(modelType, config, source);
    }

    private static final String PARENT = "block_sparse_moe.";

    @Override
    FeedForwardSpec feedForward(int layer) {
      int count = config.count("num_local_experts");
      int hidden = config.count("intermediate_size");
      List<FeedForwardSpec> experts = new ArrayList<>();
      for (int e = 0; e < count; e++) {
        experts.add(
            new FeedForwardSpec.FusedGated(
                stacked("input_linear", e, count, dim, 2 * hidden),
                stacked("output_linear", e, count, hidden, dim),
                activation()));
      }
      return new FeedForwardSpec.Experts(
          RouterSpec.softmax(
              LinearSpec.of(PARENT + "router.layer", dim, count, false), perToken(count), true),
          experts,
          shared(),
          Optional.empty());
    }

    /** An expert for all tokens. */
    Optional<FeedForwardSpec> shared() {
      return Optional.empty();
    }

    private static LinearSpec stacked(String name, int index, int count, int in, int out) {
      Stack stack = new Stack(PARENT + name + ".weight", "", index, count);
      String own = PARENT + "experts." + index + "." + name;
      return new LinearSpec(own, in, out, false, false, Optional.of(stack));
    }
  }
}

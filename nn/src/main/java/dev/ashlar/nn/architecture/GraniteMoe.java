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
  private static final Map<String, Object> DEFAULTS =
      Map.of("num_local_experts", 8, "num_experts_per_tok", 2);

  @Override
  public String modelType() {
    return "granitemoe";
  }

  @Override
  public DecoderSpec spec(Map<String, Object> config, WeightSource source) {
    return new Style(modelType(), Config.complete(config, DEFAULTS), source).spec();
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
      String both =
          expertNames().first(PARENT + "input_linear.weight", PARENT + "experts.gate_up_proj");
      String down =
          expertNames().first(PARENT + "output_linear.weight", PARENT + "experts.down_proj");
      List<FeedForwardSpec> experts = new ArrayList<>();
      for (int e = 0; e < count; e++) {
        experts.add(
            expert(
                new Stack(both, "", e, count, 0, 2 * hidden),
                new Stack(down, "", e, count, 0, dim)));
      }
      String router = expertNames().first(PARENT + "router.layer", PARENT + "router");
      return new FeedForwardSpec.Experts(
          RouterSpec.softmax(LinearSpec.of(router, dim, count, false), perToken(count), true),
          experts,
          shared(),
          Optional.empty());
    }

    /** What Ashlar exported once has gate and up in one. */
    private FeedForwardSpec expert(Stack both, Stack down) {
      int hidden = both.outputs() / 2;
      return expertNames().has(PARENT + "experts.0.input_linear")
          ? new FeedForwardSpec.FusedGated(
              map("input_linear", dim, both.outputs(), both),
              map("output_linear", hidden, dim, down),
              activation())
          : new FeedForwardSpec.Gated(
              map("gate_proj", dim, hidden, both),
              map("up_proj", dim, hidden, both.from(hidden)),
              map("down_proj", hidden, dim, down),
              activation());
    }

    /** An expert for all tokens. */
    Optional<FeedForwardSpec> shared() {
      return Optional.empty();
    }

    private static LinearSpec map(String name, int in, int out, Stack stack) {
      return ExpertNames.part(
          PARENT + "experts." + stack.index() + "." + name, in, out, false, stack);
    }
  }
}

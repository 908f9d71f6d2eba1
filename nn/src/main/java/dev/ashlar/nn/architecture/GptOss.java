package dev.ashlar.nn.architecture;

import dev.ashlar.nn.decoder.AttentionSpec;
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

/**
 * GPT-OSS (OpenAI, arXiv 2508.10925): attention sinks, every other layer slides, experts with a
 * clamped gate that lie stacked in one tensor.
 */
final class GptOss implements Architecture {
  private static final Map<String, Object> DEFAULTS =
      Map.of(
          "num_key_value_heads",
          8,
          "head_dim",
          64,
          "num_local_experts",
          128,
          "num_experts_per_tok",
          4,
          "rope_theta",
          150_000.0);

  /** Where a configuration says nothing of a section. */
  private static final Map<String, Object> ROPE =
      Map.of(
          "rope_type",
          "yarn",
          "factor",
          32.0,
          "beta_fast",
          32.0,
          "beta_slow",
          1.0,
          "truncate",
          false,
          "original_max_position_embeddings",
          4096);

  @Override
  public String modelType() {
    return "gpt_oss";
  }

  @Override
  public DecoderSpec spec(Map<String, Object> config, WeightSource source) {
    return new Style(modelType(), Rope.complete(Config.complete(config, DEFAULTS), ROPE), source)
        .spec();
  }

  /** What it does differently. */
  static class Style extends LlamaStyle {
    private static final String EXPERTS = "mlp.experts.";

    Style(String modelType, Map<String, Object> config, WeightSource source) {
      super(modelType, config, source);
    }

    @Override
    float eps() {
      return (float) config.positive("rms_norm_eps", 1e-5);
    }

    @Override
    boolean qkvBias() {
      return config.flag("attention_bias", true);
    }

    @Override
    int defaultMaxPositions() {
      return 131_072;
    }

    @Override
    int window(int layer) {
      return slides(layer, () -> layer % 2 == 0) ? config.natural("sliding_window", 128) : 0;
    }

    @Override
    AttentionSpec attention(int layer) {
      AttentionSpec a = super.attention(layer);
      return new AttentionSpec(
          a.heads(),
          a.kvHeads(),
          a.headDim(),
          a.projection(),
          a.output(),
          a.position(),
          a.scale(),
          a.window(),
          a.softcap(),
          a.clip(),
          a.headNorms(),
          a.valueDim(),
          Optional.of("self_attn.sinks"));
    }

    @Override
    FeedForwardSpec feedForward(int layer) {
      int count = config.count("num_local_experts");
      int hidden = config.count("intermediate_size");
      float alpha = (float) config.positive("swiglu_alpha", 1.702);
      float limit = (float) config.positive("swiglu_limit", 7);
      List<FeedForwardSpec> experts = new ArrayList<>();
      for (int e = 0; e < count; e++) {
        Stack down = stack("down_proj", e, count, dim);
        experts.add(
            new FeedForwardSpec.Clamped(
                gateUp(stack("gate_up_proj", e, count, 2 * hidden)),
                map("down_proj", hidden, dim, down),
                alpha,
                limit));
      }
      return new FeedForwardSpec.Experts(
          RouterSpec.softmax(LinearSpec.of("mlp.router", dim, count, true), perToken(count), true),
          experts,
          Optional.empty(),
          Optional.empty());
    }

    /**
     * Loaders of packed weights know two maps, the first and the second half of the outputs, though
     * gates and ups lie in turns; what Ashlar exported once is one.
     */
    private List<LinearSpec> gateUp(Stack both) {
      if (expertNames().has(EXPERTS + "0.gate_up_proj")) {
        return List.of(map("gate_up_proj", dim, both.outputs(), both));
      }
      int half = both.outputs() / 2;
      return List.of(map("gate_proj", dim, half, both), map("up_proj", dim, half, both.from(half)));
    }

    private static Stack stack(String name, int index, int count, int outputs) {
      return new Stack(EXPERTS + name, EXPERTS + name + "_bias", index, count, 0, outputs);
    }

    private static LinearSpec map(String name, int in, int out, Stack stack) {
      String own = EXPERTS + stack.index() + "." + name;
      return new LinearSpec(own, in, out, true, true, Optional.of(stack));
    }
  }
}

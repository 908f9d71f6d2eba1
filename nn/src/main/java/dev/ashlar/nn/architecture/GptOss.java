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
  @Override
  public String modelType() {
    return "gpt_oss";
  }

  @Override
  public DecoderSpec spec(Map<String, Object> config, WeightSource source) {
    return new Style(modelType(), config, source).spec();
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
        experts.add(
            new FeedForwardSpec.Clamped(
                stacked("gate_up_proj", e, count, dim, 2 * hidden),
                stacked("down_proj", e, count, hidden, dim),
                alpha,
                limit));
      }
      return new FeedForwardSpec.Experts(
          RouterSpec.softmax(LinearSpec.of("mlp.router", dim, count, true), perToken(count), true),
          experts,
          Optional.empty(),
          Optional.empty());
    }

    private static LinearSpec stacked(String name, int index, int count, int in, int out) {
      Stack stack = new Stack(EXPERTS + name, EXPERTS + name + "_bias", index, count);
      String own = EXPERTS + index + "." + name;
      return new LinearSpec(own, in, out, true, true, Optional.of(stack));
    }
  }
}

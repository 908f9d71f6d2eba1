package dev.ashlar.nn.architecture;

import dev.ashlar.nn.decoder.AttentionSpec.FusedOrder;
import dev.ashlar.nn.decoder.AttentionSpec.ProjectionSpec;
import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.nn.decoder.EmbeddingSpec;
import dev.ashlar.nn.decoder.FeedForwardSpec;
import dev.ashlar.nn.decoder.LinearSpec;
import dev.ashlar.nn.decoder.NormSpec;
import dev.ashlar.nn.decoder.PositionSpec;
import dev.ashlar.nn.decoder.ResidualSpec;
import dev.ashlar.tensor.kernel.ActivationKernel.Function;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.Map;
import java.util.Optional;

/** GPT-2 (Radford et al., 2019): learned positions; its matrices are stored transposed. */
final class Gpt2 implements Architecture {
  @Override
  public String modelType() {
    return "gpt2";
  }

  @Override
  public DecoderSpec spec(Map<String, Object> config, WeightSource source) {
    return new Style(modelType(), config, source).spec();
  }

  /** What it does differently. */
  static class Style extends LlamaStyle {
    Style(String modelType, Map<String, Object> config, WeightSource source) {
      super(modelType, config, source, GPT_KEYS);
    }

    Style(String modelType, Map<String, Object> config, WeightSource source, Keys keys) {
      super(modelType, config, source, keys);
    }

    /** Whether matrices are stored as {@code [in, out]}. */
    boolean transposed() {
      return true;
    }

    private LinearSpec linear(String name, int in, int out) {
      return new LinearSpec(name, in, out, true, transposed(), Optional.empty());
    }

    @Override
    NormSpec norm(String name, int size) {
      return NormSpec.layer(name, size, (float) config.positive("layer_norm_epsilon", 1e-5));
    }

    @Override
    String prefix() {
      return "transformer.";
    }

    @Override
    String blocks() {
      return prefix() + "h";
    }

    @Override
    int defaultMaxPositions() {
      return 1024;
    }

    @Override
    EmbeddingSpec embedding() {
      return new EmbeddingSpec(
          prefix() + "wte",
          dim,
          1,
          Optional.of(new EmbeddingSpec.Learned(prefix() + "wpe", maxPositions, 0)),
          Optional.empty(),
          Optional.empty());
    }

    @Override
    String finalNorm() {
      return prefix() + "ln_f";
    }

    @Override
    boolean tiedByDefault() {
      return true;
    }

    @Override
    PositionSpec position(int layer) {
      return new PositionSpec.None();
    }

    @Override
    double scale(int layer) {
      double scale = config.flag("scale_attn_weights", true) ? super.scale(layer) : 1;
      boolean byLayer = config.flag("scale_attn_by_inverse_layer_idx", false);
      return byLayer ? scale / (layer + 1) : scale;
    }

    @Override
    ProjectionSpec projection(int layer) {
      int out = (heads + 2 * kvHeads) * headDim;
      return new ProjectionSpec.Fused(linear("attn.c_attn", dim, out), order());
    }

    FusedOrder order() {
      return FusedOrder.BLOCKS;
    }

    @Override
    LinearSpec attentionOutput() {
      return linear("attn.c_proj", dim, dim);
    }

    @Override
    FeedForwardSpec feedForward(int layer) {
      int hidden = config.count("n_inner", 4 * dim);
      return new FeedForwardSpec.Plain(
          linear("mlp.c_fc", dim, hidden), linear("mlp.c_proj", hidden, dim), activation());
    }

    @Override
    Function activation() {
      return config.activation("activation_function", "gelu_new");
    }

    @Override
    ResidualSpec residual(int layer) {
      return ResidualSpec.pre(norm("ln_1", dim), norm("ln_2", dim));
    }
  }
}

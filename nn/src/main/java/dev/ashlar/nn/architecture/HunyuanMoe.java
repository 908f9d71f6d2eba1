package dev.ashlar.nn.architecture;

import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.nn.decoder.FeedForwardSpec;
import dev.ashlar.nn.decoder.FeedForwardSpec.RouterSpec;
import dev.ashlar.nn.decoder.LinearSpec;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.Map;
import java.util.Optional;

/** Hunyuan A13B (Tencent): the dense model with experts, one of them shared. */
final class HunyuanMoe implements Architecture {
  private static final Map<String, Object> DEFAULTS = Map.of("num_experts", 1, "moe_topk", 1);

  @Override
  public String modelType() {
    return "hunyuan_v1_moe";
  }

  @Override
  public DecoderSpec spec(Map<String, Object> config, WeightSource source) {
    return new Style(modelType(), Config.complete(config, DEFAULTS), source).spec();
  }

  /** What it does differently. */
  static class Style extends Hunyuan.Style {
    Style(String modelType, Map<String, Object> config, WeightSource source) {
      super(modelType, config, source);
    }

    @Override
    boolean mlpBias() {
      return false;
    }

    @Override
    FeedForwardSpec feedForward(int layer) {
      int count = of(layer, "num_experts");
      int perToken = of(layer, "moe_topk");
      if (perToken > count) {
        throw config.fault(
            "moe_topk", "at most " + count + " experts", "the number " + perToken, "");
      }
      int hidden = config.count("intermediate_size");
      return new FeedForwardSpec.Experts(
          RouterSpec.softmax(LinearSpec.of("mlp.gate.wg", dim, count, false), perToken, true),
          experts(count, hidden),
          Optional.of(gated("mlp.shared_mlp.", hidden)),
          Optional.empty());
    }

    /** A number for all layers, or one of a list for each. */
    private int of(int layer, String key) {
      return config.isList(key) ? config.naturals(key, layers).get(layer) : config.count(key);
    }
  }
}

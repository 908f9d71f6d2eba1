package dev.ashlar.nn.architecture;

import dev.ashlar.nn.decoder.AttentionSpec.FusedOrder;
import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.tensor.kernel.ActivationKernel.Function;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.Map;

/** SantaCoder and StarCoder (Li et al., arXiv 2305.06161): GPT-2 with one key/value head. */
final class GptBigcode implements Architecture {
  @Override
  public String modelType() {
    return "gpt_bigcode";
  }

  @Override
  public DecoderSpec spec(Map<String, Object> config, WeightSource source) {
    return new Style(modelType(), config, source).spec();
  }

  /** What it does differently. */
  static class Style extends Gpt2.Style {
    Style(String modelType, Map<String, Object> config, WeightSource source) {
      super(modelType, config, source, keys(config));
    }

    /** The number of key/value heads is only written where it is 1. */
    private static Keys keys(Map<String, Object> config) {
      boolean several = Boolean.FALSE.equals(config.get("multi_query"));
      return new Keys("n_embd", "n_layer", "n_head", several ? "" : ONE, "n_positions");
    }

    @Override
    boolean transposed() {
      return false;
    }

    @Override
    Function activation() {
      return config.activation("activation_function", "gelu_pytorch_tanh");
    }

    @Override
    FusedOrder order() {
      return kvHeads == 1 ? FusedOrder.BLOCKS : FusedOrder.GROUPS;
    }
  }
}

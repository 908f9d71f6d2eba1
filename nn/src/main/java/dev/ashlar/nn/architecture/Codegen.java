package dev.ashlar.nn.architecture;

import dev.ashlar.nn.decoder.AttentionSpec.FusedOrder;
import dev.ashlar.nn.decoder.AttentionSpec.ProjectionSpec;
import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.Map;

/** CodeGen (Nijkamp et al., arXiv 2203.13474): GPT-J with a fused projection in four slices. */
final class Codegen implements Architecture {
  @Override
  public String modelType() {
    return "codegen";
  }

  @Override
  public DecoderSpec spec(Map<String, Object> config, WeightSource source) {
    return new Style(modelType(), config, source).spec();
  }

  /** What it does differently. */
  static class Style extends Gptj.Style {
    Style(String modelType, Map<String, Object> config, WeightSource source) {
      super(modelType, config, source);
    }

    @Override
    ProjectionSpec projection(int layer) {
      if (heads % 4 != 0) {
        throw config.fault("n_head", "a multiple of 4", "the number " + heads, "");
      }
      return fused("attn.qkv_proj", FusedOrder.CODEGEN);
    }
  }
}

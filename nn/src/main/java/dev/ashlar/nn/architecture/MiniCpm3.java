package dev.ashlar.nn.architecture;

import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.nn.decoder.EmbeddingSpec;
import dev.ashlar.nn.decoder.HeadSpec;
import dev.ashlar.nn.decoder.PositionSpec;
import dev.ashlar.nn.decoder.ResidualSpec;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.Map;
import java.util.Optional;

/** MiniCPM 3 (OpenBMB): the latents of DeepSeek-V2 without experts, and scales on every stream. */
final class MiniCpm3 implements Architecture {
  private static final Map<String, Object> DEFAULTS =
      Map.of(
          "kv_lora_rank",
          256,
          "q_lora_rank",
          768,
          "qk_nope_head_dim",
          64,
          "qk_rope_head_dim",
          32,
          "scale_emb",
          12,
          "scale_depth",
          1.4,
          "dim_model_base",
          256,
          "max_position_embeddings",
          32_768);

  @Override
  public String modelType() {
    return "minicpm3";
  }

  @Override
  public DecoderSpec spec(Map<String, Object> config, WeightSource source) {
    return new Style(modelType(), Config.complete(config, DEFAULTS), source).spec();
  }

  /** What it does differently. */
  static class Style extends DeepseekV2.Style {
    Style(String modelType, Map<String, Object> config, WeightSource source) {
      super(modelType, config, source);
    }

    @Override
    int valueDim() {
      return config.count("v_head_dim", Math.max(1, dim / heads));
    }

    @Override
    boolean tiedByDefault() {
      return true;
    }

    @Override
    float eps() {
      return (float) config.positive("rms_norm_eps", 1e-5);
    }

    @Override
    PositionSpec position(int layer) {
      int rotary = config.count("qk_rope_head_dim");
      return new PositionSpec.Rotary(Rope.readDim(config, rotary, maxPositions, false));
    }

    @Override
    EmbeddingSpec embedding() {
      return EmbeddingSpec.scaled(
          prefix() + "embed_tokens", dim, (float) config.positive("scale_emb", 1));
    }

    @Override
    ResidualSpec residual(int layer) {
      double depth = config.positive("scale_depth", Math.sqrt(layers));
      return new ResidualSpec.Sequential(
          Optional.of(norm("input_layernorm", dim)),
          Optional.empty(),
          Optional.of(norm("post_attention_layernorm", dim)),
          Optional.empty(),
          (float) (depth / Math.sqrt(layers)));
    }

    @Override
    HeadSpec head() {
      double base = config.positive("dim_model_base", dim);
      return new HeadSpec(
          Optional.of(norm(finalNorm(), dim)),
          Optional.empty(),
          output(),
          tied(),
          (float) (base / dim),
          0);
    }
  }
}

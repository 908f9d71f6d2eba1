package dev.ashlar.formats.gguf.family;

import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/** Llama, and what is stored like it. */
final class LlamaFamilies {
  private static final KeyRule MLP_BIAS = Keys.present("mlp_bias", "blk.0.ffn_gate.bias");

  /** Mixtral: Llama's architecture with experts. */
  static final GgufFamily MIXTRAL =
      GgufFamily.of(
              "llama",
              "mixtral",
              "MixtralForCausalLM",
              Tables.norms(Tables.PAIRED)
                  .block("ffn_gate_inp", "block_sparse_moe.gate")
                  .experts("block_sparse_moe.experts", "w1", "w3", "w2")
                  .experts("mlp.experts", "gate_proj", "up_proj", "down_proj"))
          .only(model -> model.whole("expert_count", 0).orElse(0) > 0)
          .with(Tables.SIZES)
          .with(Tables.USUAL)
          .with(new Windows.Everywhere())
          .with(Tables.experts("num_local_experts"));

  private static final long MISTRAL_WINDOW = 4096;

  /** Mistral is a Llama that has a window, and written as one. */
  private static final KeyRule MISTRAL =
      new Windows.Everywhere() {
        @Override
        OptionalLong window(Map<String, Object> config) {
          if (!"mistral".equals(config.get("model_type"))) {
            return OptionalLong.empty();
          }
          return config.containsKey(Windows.SIZE)
              ? super.window(config)
              : OptionalLong.of(MISTRAL_WINDOW);
        }

        @Override
        void put(long window, Map<String, Object> config) {
          config.put("architectures", List.of("MistralForCausalLM"));
          config.put("model_type", "mistral");
          super.put(window, config);
        }
      };

  /** Llama, and Mistral. */
  static final GgufFamily LLAMA =
      GgufFamily.of("llama", "llama", "LlamaForCausalLM", Tables.PAIRED_GATED)
          .alsoFor("mistral")
          .with(Tables.SIZES)
          .with(Tables.USUAL)
          .with(MISTRAL, Tables.ATTENTION_BIAS, MLP_BIAS);

  /** Arcee: squares of rectified outputs in place of gates. */
  static final GgufFamily ARCEE =
      GgufFamily.of(
              "arcee",
              "arcee",
              "ArceeForCausalLM",
              Tables.norms(Tables.PAIRED)
                  .block("ffn_up", "mlp.up_proj")
                  .block("ffn_down", "mlp.down_proj"))
          .with(Tables.SIZES)
          .with(Tables.USUAL)
          .with(
              Keys.constant("hidden_act", "relu2"),
              Tables.ATTENTION_BIAS,
              Keys.present("mlp_bias", "blk.0.ffn_up.bias"));

  /** SmolLM 3: every fourth layer does not turn, which only the architecture's name says. */
  static final GgufFamily SMOLLM3 =
      GgufFamily.of("smollm3", "smollm3", "SmolLM3ForCausalLM", Tables.PAIRED_GATED)
          .with(Tables.SIZES)
          .with(Tables.USUAL)
          .with(
              Keys.constant("no_rope_layer_interval", 4L),
              Keys.constant("use_sliding_window", false),
              Tables.ATTENTION_BIAS,
              MLP_BIAS);

  private static final KeyRule[] MULTIPLIERS = {
    Keys.realOptional("attention.scale", "attention_multiplier"),
    Keys.realOr("embedding_scale", 1, "embedding_multiplier"),
    Keys.realOr("residual_scale", 1, "residual_multiplier"),
    Keys.realOr("logit_scale", 1, "logits_scaling"),
  };

  static final GgufFamily GRANITE =
      GgufFamily.of("granite", "granite", "GraniteForCausalLM", Tables.PAIRED_GATED)
          .with(Tables.SIZES)
          .with(Tables.USUAL)
          .with(MULTIPLIERS)
          .with(Tables.ATTENTION_BIAS, MLP_BIAS);

  private static final TensorTable GRANITE_EXPERTS =
      Tables.norms(Tables.PAIRED)
          .block("ffn_gate_inp", "block_sparse_moe.router.layer")
          .experts("block_sparse_moe.experts", "gate_proj", "up_proj", "down_proj")
          .block(
              List.of("ffn_gate_exps", "ffn_up_exps"),
              List.of("block_sparse_moe.input_linear"),
              s -> ExpertTransforms.HALVES)
          .block("ffn_down_exps", "block_sparse_moe.output_linear");

  static final GgufFamily GRANITE_MOE_SHARED =
      GgufFamily.of(
              "granitemoe",
              "granitemoeshared",
              "GraniteMoeSharedForCausalLM",
              GRANITE_EXPERTS
                  .block(
                      List.of("ffn_gate_shexp", "ffn_up_shexp"),
                      List.of("shared_mlp.input_linear"),
                      s -> Transforms.parts(0, 0))
                  .block("ffn_down_shexp", "shared_mlp.output_linear"))
          .only(model -> model.whole("expert_shared_feed_forward_length", 0).orElse(0) > 0)
          .with(Tables.SIZES)
          .with(Tables.USUAL)
          .with(MULTIPLIERS)
          .with(Tables.experts("num_local_experts"))
          .with(Keys.whole("expert_shared_feed_forward_length", "shared_intermediate_size"));

  static final GgufFamily GRANITE_MOE =
      GgufFamily.of("granitemoe", "granitemoe", "GraniteMoeForCausalLM", GRANITE_EXPERTS)
          .with(Tables.SIZES)
          .with(Tables.USUAL)
          .with(MULTIPLIERS)
          .with(Tables.experts("num_local_experts"));

  private LlamaFamilies() {}
}

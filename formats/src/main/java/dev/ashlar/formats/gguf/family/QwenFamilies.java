package dev.ashlar.formats.gguf.family;

import java.util.List;

/** Qwen, and what took over its experts. */
final class QwenFamilies {
  private static final TensorTable EXPERTS =
      Tables.norms(Tables.ATTENTION)
          .block("ffn_gate_inp", "mlp.gate")
          .experts("mlp.experts", "gate_proj", "up_proj", "down_proj");

  static final GgufFamily QWEN2 =
      GgufFamily.of("qwen2", "qwen2", "Qwen2ForCausalLM", Tables.GATED)
          .with(Tables.SIZES)
          .with(Tables.USUAL)
          .with(new Windows.Later());

  static final GgufFamily QWEN3 =
      GgufFamily.of("qwen3", "qwen3", "Qwen3ForCausalLM", Tables.headNorms(Tables.GATED))
          .with(Tables.SIZES)
          .with(Tables.USUAL)
          .with(new Windows.Later(), Tables.ATTENTION_BIAS);

  private static final KeyRule[] EVERY_LAYER = {
    Keys.constant("decoder_sparse_step", 1L),
    Keys.constant("mlp_only_layers", List.of()),
    Keys.whole("expert_feed_forward_length", "moe_intermediate_size"),
  };

  /** Qwen 1.5 and 2 mixtures: weights of the chosen experts are not made to sum to 1. */
  static final GgufFamily QWEN2_MOE =
      GgufFamily.of(
              "qwen2moe",
              "qwen2_moe",
              "Qwen2MoeForCausalLM",
              Tables.gated(
                  EXPERTS
                      .shared("mlp.shared_expert")
                      .block(
                          "ffn_gate_inp_shexp", "mlp.shared_expert_gate", s -> Transforms.ONE_ROW)))
          .withDefault("intermediate_size", 5632L)
          .with(Tables.SIZES)
          .with(Tables.USUAL)
          .with(Tables.experts("num_experts"))
          .with(EVERY_LAYER)
          .with(
              Keys.whole("expert_shared_feed_forward_length", "shared_expert_intermediate_size"),
              new Windows.Later(),
              Keys.constant("norm_topk_prob", false));

  static final GgufFamily QWEN3_MOE =
      GgufFamily.of(
              "qwen3moe",
              "qwen3_moe",
              "Qwen3MoeForCausalLM",
              Tables.gated(Tables.headNorms(EXPERTS)))
          .withDefault("intermediate_size", 6144L)
          .with(Tables.SIZES)
          .with(Tables.USUAL)
          .with(Tables.experts("num_experts"))
          .with(EVERY_LAYER)
          .with(new Windows.Later(), Tables.ATTENTION_BIAS, Keys.constant("norm_topk_prob", true));

  static final GgufFamily DOTS1 =
      GgufFamily.of(
              "dots1",
              "dots1",
              "Dots1ForCausalLM",
              Tables.corrected(
                  Tables.gated(Tables.headNorms(EXPERTS)).shared("mlp.shared_experts"),
                  "mlp.gate.e_score_correction_bias"))
          // Without the key, llama.cpp ends at the first token.
          .withDefault("scoring_func", "sigmoid")
          .with(Tables.SIZES)
          .with(Tables.USUAL)
          .with(Tables.ROUTED)
          .with(Tables.ATTENTION_BIAS);

  private QwenFamilies() {}
}

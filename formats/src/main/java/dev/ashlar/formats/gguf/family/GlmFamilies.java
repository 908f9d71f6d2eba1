package dev.ashlar.formats.gguf.family;

/** GLM. */
final class GlmFamilies {
  private static final TensorTable FUSED_GATES =
      Tables.fused(Tables.ATTENTION)
          .block("ffn_up", "mlp.gate_up_proj")
          .block("ffn_down", "mlp.down_proj")
          .block("attn_norm", "input_layernorm")
          .block("ffn_norm", "post_attention_layernorm");

  private static final KeyRule BIAS =
      Keys.rule(
          (model, config) ->
              config.put(
                  "attention_bias",
                  model.has("blk.0.attn_q.bias") || model.has("blk.0.attn_qkv.bias")),
          (config, out) -> {});

  static final GgufFamily GLM =
      GgufFamily.of("chatglm", "glm", "GlmForCausalLM", FUSED_GATES)
          .withDefault("partial_rotary_factor", 0.5)
          .with(Tables.SIZES)
          .with(Tables.PARTIAL)
          .with(BIAS);

  static final GgufFamily GLM4 =
      GgufFamily.of(
              "glm4",
              "glm4",
              "Glm4ForCausalLM",
              FUSED_GATES
                  .block("post_attention_norm", "post_self_attn_layernorm")
                  .block("post_ffw_norm", "post_mlp_layernorm"))
          .withDefault("partial_rotary_factor", 0.5)
          .with(Tables.SIZES)
          .with(Tables.PARTIAL)
          .with(BIAS);

  /** GLM 4.5, without the layers that predict further tokens, which are counted as blocks. */
  static final GgufFamily GLM4_MOE =
      GgufFamily.of(
              "glm4moe",
              "glm4_moe",
              "Glm4MoeForCausalLM",
              Tables.corrected(
                  Tables.headNorms(Tables.gated(Tables.ATTENTION))
                      .block("attn_norm", "input_layernorm")
                      .block("post_attention_norm", "post_attention_layernorm")
                      .block("ffn_gate_inp", "mlp.gate")
                      .experts("mlp.experts", "gate_proj", "up_proj", "down_proj")
                      .shared("mlp.shared_experts"),
                  "mlp.gate.e_score_correction_bias"))
          .withDefault("partial_rotary_factor", 0.5)
          .withDefault("scoring_func", "sigmoid")
          .with(Tables.SIZES)
          .with(
              Keys.rule(
                  (model, config) ->
                      config.put(
                          "num_hidden_layers",
                          model.required("block_count")
                              - model.whole("nextn_predict_layers", 0).orElse(0)),
                  (config, out) -> {}))
          .with(Tables.PARTIAL)
          .with(Tables.ROUTED)
          .with(BIAS, Keys.present("use_qk_norm", "blk.0.attn_q_norm.weight"));

  private GlmFamilies() {}
}

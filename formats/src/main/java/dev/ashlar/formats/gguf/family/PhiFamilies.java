package dev.ashlar.formats.gguf.family;

/** Phi. */
final class PhiFamilies {
  /** Phi 1 to 2, some of whose files have queries, keys and values in one map. */
  static final GgufFamily PHI2 =
      GgufFamily.of(
              "phi2",
              "phi",
              "PhiForCausalLM",
              Tables.fused(
                  TensorTable.of("model.", "layers")
                      .outside("token_embd", "embed_tokens")
                      .outside("output_norm", "final_layernorm")
                      .head("lm_head")
                      .block("attn_norm", "input_layernorm")
                      .block("attn_q", "self_attn.q_proj")
                      .block("attn_k", "self_attn.k_proj")
                      .block("attn_v", "self_attn.v_proj")
                      .block("attn_output", "self_attn.dense")
                      .block("ffn_up", "mlp.fc1")
                      .block("ffn_down", "mlp.fc2")))
          .with(Tables.SIZES_BY_MAPS)
          .with(
              Keys.turning("partial_rotary_factor"),
              Keys.constant("hidden_act", "gelu_new"),
              Keys.context("max_position_embeddings"),
              Keys.layerNorm("layer_norm_eps"),
              new RopeScaling(10_000));

  private static final KeyRule[] LONG = {
    Keys.turning("partial_rotary_factor"),
    Keys.constant("hidden_act", "silu"),
    Keys.context("max_position_embeddings"),
    Keys.rms(),
  };

  /** Phi 3 and 4: what the folder has in one map, GGUF has too. */
  static final GgufFamily PHI3 =
      GgufFamily.of(
              "phi3",
              "phi3",
              "Phi3ForCausalLM",
              Tables.norms(Tables.ENDS)
                  .block("attn_qkv", "self_attn.qkv_proj")
                  .block("attn_output", "self_attn.o_proj")
                  .block("ffn_up", "mlp.gate_up_proj")
                  .block("ffn_down", "mlp.down_proj"))
          .with(Tables.SIZES)
          .with(LONG)
          .with(new Windows.Said(), new RopeScaling(10_000, true), new LongRope());

  static final GgufFamily PHIMOE =
      GgufFamily.of(
              "phimoe",
              "phimoe",
              "PhimoeForCausalLM",
              Tables.fused(Tables.norms(Tables.ATTENTION))
                  .block("ffn_gate_inp", "block_sparse_moe.gate")
                  .experts("block_sparse_moe.experts", "w1", "w3", "w2"))
          .with(Tables.SIZES)
          .with(LONG)
          .with(Tables.experts("num_local_experts"))
          .with(
              Keys.otherwise(
                  c -> true,
                  "llama.cpp and its kin divide by the root of the mean square in this"
                      + " architecture's norms, where its models take the mean away first, and"
                      + " weigh a token's experts otherwise: they compute another model; Ashlar"
                      + " computes this one"),
              new Windows.Said(),
              new RopeScaling(10_000, true),
              new LongRope(),
              Tables.ATTENTION_BIAS,
              Keys.present("lm_head_bias", "output.bias"));

  private PhiFamilies() {}
}

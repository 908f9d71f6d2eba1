package dev.ashlar.formats.gguf.family;

/** Llama, and what is stored like it. */
final class LlamaFamilies {
  /** Pre-norm blocks of attention and a gated feed-forward part, all names but those of q and k. */
  static final TensorTable GATED =
      TensorTable.of("model.", "layers")
          .outside("token_embd", "embed_tokens")
          .block("attn_norm", "input_layernorm")
          .block("attn_v", "self_attn.v_proj")
          .block("attn_output", "self_attn.o_proj")
          .block("ffn_norm", "post_attention_layernorm")
          .block("ffn_gate", "mlp.gate_proj")
          .block("ffn_up", "mlp.up_proj")
          .block("ffn_down", "mlp.down_proj")
          .outside("output_norm", "norm")
          .head("lm_head");

  /** The same with queries and keys in the order of Llama. */
  static final TensorTable TURNED =
      GATED
          .block("attn_q", "self_attn.q_proj", s -> Transforms.rotaryRows(s.heads(), s.headDim()))
          .block(
              "attn_k", "self_attn.k_proj", s -> Transforms.rotaryRows(s.kvHeads(), s.headDim()));

  /** Sizes as most families call them. */
  static final KeyRule[] SIZES = {
    Keys.whole("embedding_length", "hidden_size"),
    Keys.whole("feed_forward_length", "intermediate_size"),
    Keys.whole("block_count", "num_hidden_layers"),
    Keys.whole("attention.head_count", "num_attention_heads"),
    Keys.wholeOr("attention.head_count_kv", "num_key_value_heads", "num_attention_heads"),
  };

  static final GgufFamily LLAMA =
      GgufFamily.of("llama", "llama", "LlamaForCausalLM", TURNED)
          .with(Keys.none("expert_count", "a dense model", "experts"))
          .with(SIZES)
          .with(
              Keys.headDim(),
              Keys.constant("hidden_act", "silu"),
              Keys.whole("context_length", "max_position_embeddings"),
              Keys.real("attention.layer_norm_rms_epsilon", "rms_norm_eps"),
              new RopeScaling(10_000),
              Keys.window(),
              Keys.present("attention_bias", "blk.0.attn_q.bias"),
              Keys.present("mlp_bias", "blk.0.ffn_gate.bias"));

  private LlamaFamilies() {}
}

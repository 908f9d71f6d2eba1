package dev.ashlar.formats.gguf.family;

import java.util.List;

/** What many families have in common. */
final class Tables {
  /** Everything outside of blocks in the names of Llama. */
  static final TensorTable ENDS =
      TensorTable.of("model.", "layers")
          .outside("token_embd", "embed_tokens")
          .outside("output_norm", "norm")
          .head("lm_head");

  /** Attention of separate maps whose halves turn, in the names of Llama. */
  static final TensorTable ATTENTION = attention(ENDS);

  /** The same with rows of queries and keys in pairs. */
  static final TensorTable PAIRED = paired(ENDS);

  /** Pre-norm blocks of attention and a gated feed-forward part. */
  static final TensorTable GATED = gated(norms(ATTENTION));

  /** The same with rows of queries and keys in pairs. */
  static final TensorTable PAIRED_GATED = gated(norms(PAIRED));

  private Tables() {}

  /** Adds queries, keys, values and output. */
  static TensorTable attention(TensorTable t) {
    return t.block("attn_q", "self_attn.q_proj")
        .block("attn_k", "self_attn.k_proj")
        .block("attn_v", "self_attn.v_proj")
        .block("attn_output", "self_attn.o_proj");
  }

  /** Adds one map of queries, keys and values that some files have instead of three. */
  static TensorTable fused(TensorTable t) {
    return t.block(
        List.of("attn_qkv"),
        List.of("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
        s ->
            Transforms.fused(
                s.heads() * s.headDim(), s.kvHeads() * s.headDim(), s.kvHeads() * s.headDim()));
  }

  private static TensorTable paired(TensorTable t) {
    return t.block("attn_q", "self_attn.q_proj", s -> Transforms.rotaryRows(s.heads(), s.headDim()))
        .block("attn_k", "self_attn.k_proj", s -> Transforms.rotaryRows(s.kvHeads(), s.headDim()))
        .block("attn_v", "self_attn.v_proj")
        .block("attn_output", "self_attn.o_proj");
  }

  /** Adds a norm before each half. */
  static TensorTable norms(TensorTable t) {
    return t.block("attn_norm", "input_layernorm").block("ffn_norm", "post_attention_layernorm");
  }

  /** Adds norms of queries and keys. */
  static TensorTable headNorms(TensorTable t) {
    return t.block("attn_q_norm", "self_attn.q_norm").block("attn_k_norm", "self_attn.k_norm");
  }

  /** Adds norms behind the halves instead of before them. */
  static TensorTable normsBehind(TensorTable t) {
    return t.block("post_attention_norm", "post_attention_layernorm")
        .block("post_ffw_norm", "post_feedforward_layernorm");
  }

  /** Adds a gated feed-forward part. */
  static TensorTable gated(TensorTable t) {
    return t.block("ffn_gate", "mlp.gate_proj")
        .block("ffn_up", "mlp.up_proj")
        .block("ffn_down", "mlp.down_proj");
  }

  /** Sizes as most families call them. */
  static final KeyRule[] SIZES = {
    Keys.whole("embedding_length", "hidden_size"),
    Keys.whole("feed_forward_length", "intermediate_size"),
    Keys.whole("block_count", "num_hidden_layers"),
    Keys.whole("attention.head_count", "num_attention_heads"),
    Keys.wholeOr("attention.head_count_kv", "num_key_value_heads", "num_attention_heads"),
  };

  /** The same for families whose converters state the width of the feed-forward part wrongly. */
  static final KeyRule[] SIZES_BY_MAPS = {
    Keys.whole("embedding_length", "hidden_size"),
    Keys.width(1, "intermediate_size"),
    Keys.whole("block_count", "num_hidden_layers"),
    Keys.whole("attention.head_count", "num_attention_heads"),
    Keys.wholeOr("attention.head_count_kv", "num_key_value_heads", "num_attention_heads"),
  };

  /** What most families of RMS norms add to the sizes: all of each head turns. */
  static final KeyRule[] USUAL = {
    Keys.headDim(),
    Keys.constant("hidden_act", "silu"),
    Keys.context("max_position_embeddings"),
    Keys.rms(),
    new RopeScaling(10_000),
  };

  /** The same where a part of each head turns. */
  static final KeyRule[] PARTIAL = {
    Keys.turning("partial_rotary_factor"),
    Keys.constant("hidden_act", "silu"),
    Keys.context("max_position_embeddings"),
    Keys.rms(),
    new RopeScaling(10_000),
  };

  /** Whether maps of attention have biases. */
  static final KeyRule ATTENTION_BIAS = Keys.present("attention_bias", "blk.0.attn_q.bias");

  /** How many experts there are and how many a token has. */
  static KeyRule[] experts(String count) {
    return new KeyRule[] {
      Keys.whole("expert_count", count), Keys.whole("expert_used_count", "num_experts_per_tok"),
    };
  }

  /** The experts of DeepSeek and those that took them over. */
  static final KeyRule[] ROUTED = {
    Keys.whole("expert_count", "n_routed_experts"),
    Keys.whole("expert_used_count", "num_experts_per_tok"),
    Keys.whole("expert_feed_forward_length", "moe_intermediate_size"),
    Keys.orNone("expert_shared_count", "n_shared_experts"),
    Keys.orNone("leading_dense_block_count", "first_k_dense_replace"),
    Keys.realOr("expert_weights_scale", 1, "routed_scaling_factor"),
    Keys.flag("expert_weights_norm", "norm_topk_prob", false),
    Keys.groups("expert_group_count", "n_group"),
    Keys.groups("expert_group_used_count", "topk_group"),
    Keys.gating(),
  };

  /** The bias that corrects the choice of experts. */
  static TensorTable corrected(TensorTable t, String name) {
    return t.exact("exp_probs_b.bias", name);
  }
}

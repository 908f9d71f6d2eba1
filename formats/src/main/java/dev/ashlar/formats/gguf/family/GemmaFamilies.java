package dev.ashlar.formats.gguf.family;

import java.util.Map;

/** Gemma: norms have 1 added in GGUF. */
final class GemmaFamilies {
  private static final TensorTable ENDS =
      TensorTable.of("model.", "layers")
          .outside("token_embd", "embed_tokens")
          .outside("output_norm", "norm", s -> Transforms.PLUS_ONE)
          .head("lm_head");

  private static final TensorTable BLOCK =
      Tables.gated(Tables.attention(ENDS))
          .block("attn_norm", "input_layernorm", s -> Transforms.PLUS_ONE);

  private static final TensorTable AROUND =
      BLOCK
          .block("post_attention_norm", "post_attention_layernorm", s -> Transforms.PLUS_ONE)
          .block("ffn_norm", "pre_feedforward_layernorm", s -> Transforms.PLUS_ONE)
          .block("post_ffw_norm", "post_feedforward_layernorm", s -> Transforms.PLUS_ONE);

  private static final KeyRule ACTIVATION = Keys.constant("hidden_activation", "gelu_pytorch_tanh");

  static final GgufFamily GEMMA =
      GgufFamily.of(
              "gemma",
              "gemma",
              "GemmaForCausalLM",
              BLOCK.block("ffn_norm", "post_attention_layernorm", s -> Transforms.PLUS_ONE))
          .withDefault("head_dim", 256L)
          .with(Tables.SIZES)
          .with(Tables.USUAL)
          .with(ACTIVATION);

  /**
   * Scores are divided by the root of the head size, except in the largest model of a family, where
   * it is the width for each head; GGUF tells that one by its layers.
   */
  private static KeyRule scale(long largest) {
    return Keys.rule(
        (model, config) -> {
          long layers = model.required("block_count");
          long heads = model.required("attention.head_count");
          config.put(
              "query_pre_attn_scalar",
              layers == largest ? model.required("embedding_length") / heads : Keys.headDim(model));
        },
        (config, out) -> {});
  }

  static final GgufFamily GEMMA2 =
      GgufFamily.of("gemma2", "gemma2", "Gemma2ForCausalLM", AROUND)
          .withDefault("head_dim", 256L)
          .withDefault("attn_logit_softcapping", 50.0)
          .withDefault("final_logit_softcapping", 30.0)
          .withDefault("sliding_window", 4096L)
          .with(Tables.SIZES)
          .with(Tables.USUAL)
          .with(
              ACTIVATION,
              scale(46),
              Keys.realOr("attn_logit_softcapping", 50, "attn_logit_softcapping"),
              Keys.realOr("final_logit_softcapping", 30, "final_logit_softcapping"),
              Keys.slidingLayers(2));

  private static final KeyRule TWO_BASES =
      Keys.rule(
          (model, config) ->
              config.put(
                  "rope_local_base_freq", model.positive("rope.freq_base_swa").orElse(10_000)),
          (config, out) -> {
            Object own =
                config.get("rope_parameters") instanceof Map<?, ?> sections
                        && sections.get("sliding_attention") instanceof Map<?, ?> sliding
                    ? sliding.get("rope_theta")
                    : config.get("rope_local_base_freq");
            out.accept("rope.freq_base_swa", own instanceof Number n ? n.floatValue() : 10_000f);
          });

  static final GgufFamily GEMMA3 =
      GgufFamily.of(
              "gemma3",
              "gemma3_text",
              "Gemma3ForCausalLM",
              AROUND
                  .block("attn_q_norm", "self_attn.q_norm", s -> Transforms.PLUS_ONE)
                  .block("attn_k_norm", "self_attn.k_norm", s -> Transforms.PLUS_ONE))
          .alsoFor("gemma3")
          .withDefault("head_dim", 256L)
          .withDefault("num_attention_heads", 8L)
          .withDefault("num_key_value_heads", 4L)
          .withDefault("sliding_window", 4096L)
          .with(Tables.SIZES)
          .with(
              Keys.headDim(),
              ACTIVATION,
              Keys.context("max_position_embeddings"),
              Keys.rms(),
              new RopeScaling(1_000_000),
              TWO_BASES,
              scale(62),
              Keys.constant("attn_logit_softcapping", null),
              // Null is none; a configuration that leaves the key out means Gemma 2's cap.
              Keys.constant("final_logit_softcapping", null),
              Keys.realOptional("final_logit_softcapping", "final_logit_softcapping"),
              Keys.slidingLayers(6));

  private GemmaFamilies() {}
}

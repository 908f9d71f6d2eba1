package dev.ashlar.formats.gguf.family;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;

/** GPT-2 and the families before Llama, whose queries, keys and values are one map. */
final class GptFamilies {
  private static final TensorTable TRANSFORMER =
      TensorTable.of("transformer.", "h").outside("output_norm", "ln_f").head("lm_head");

  private static TensorTable gpt2(Transform map) {
    return TRANSFORMER
        .outside("token_embd", "wte")
        .outside("position_embd", "wpe")
        .block("attn_norm", "ln_1")
        .block("attn_qkv", "attn.c_attn", s -> map)
        .block("attn_output", "attn.c_proj", s -> map)
        .block("ffn_norm", "ln_2")
        .block("ffn_up", "mlp.c_fc", s -> map)
        .block("ffn_down", "mlp.c_proj", s -> map);
  }

  private static final KeyRule[] GPT2_SIZES = {
    Keys.whole("embedding_length", "n_embd"),
    Keys.width(1, "n_inner"),
    Keys.whole("block_count", "n_layer"),
    Keys.whole("attention.head_count", "n_head"),
    Keys.context("n_positions"),
    Keys.layerNorm("layer_norm_epsilon"),
  };

  static final GgufFamily GPT2 =
      GgufFamily.of("gpt2", "gpt2", "GPT2LMHeadModel", gpt2(Transforms.TURNED))
          .settling(GptFamilies::inner)
          .with(GPT2_SIZES)
          .with(Keys.constant("activation_function", "gelu_new"));

  /** SantaCoder and StarCoder. */
  static final GgufFamily STARCODER =
      GgufFamily.of("starcoder", "gpt_bigcode", "GPTBigCodeForCausalLM", gpt2(Transforms.SAME))
          .settling(GptFamilies::inner)
          .with(GPT2_SIZES)
          .with(
              Keys.constant("activation_function", "gelu_pytorch_tanh"),
              Keys.rule(
                  (model, config) ->
                      config.put(
                          "multi_query", model.whole("attention.head_count_kv", 1).orElse(1) == 1),
                  (config, out) -> {
                    boolean one = ConfigValues.flag(config, "multi_query", true);
                    long heads = ConfigValues.required(config, "n_head");
                    out.accept("attention.head_count_kv", one ? 1L : heads);
                  }));

  /** Where a configuration leaves the inner width out, it is four times the outer one. */
  private static void inner(Map<String, Object> config) {
    config.computeIfAbsent("n_inner", key -> 4 * ConfigValues.required(config, "n_embd"));
  }

  static final GgufFamily GPT_NEOX =
      GgufFamily.of(
              "gptneox",
              "gpt_neox",
              "GPTNeoXForCausalLM",
              TensorTable.of("gpt_neox.", "layers")
                  .outside("token_embd", "embed_in")
                  .outside("output_norm", "final_layer_norm")
                  .head("embed_out")
                  .block("attn_norm", "input_layernorm")
                  .block("attn_qkv", "attention.query_key_value", GptFamilies::grouped)
                  .block("attn_output", "attention.dense")
                  .block("ffn_norm", "post_attention_layernorm")
                  .block("ffn_up", "mlp.dense_h_to_4h")
                  .block("ffn_down", "mlp.dense_4h_to_h"))
          .with(
              Keys.whole("embedding_length", "hidden_size"),
              Keys.width(1, "intermediate_size"),
              Keys.whole("block_count", "num_hidden_layers"),
              Keys.whole("attention.head_count", "num_attention_heads"),
              Keys.context("max_position_embeddings"),
              Keys.turning("rotary_pct"),
              Keys.constant("hidden_act", "gelu"),
              Keys.flag("use_parallel_residual", "use_parallel_residual", true),
              Keys.layerNorm("layer_norm_eps"),
              new RopeScaling(10_000));

  private static Transform grouped(Sizes s) {
    return Transforms.grouped(s.heads(), s.kvHeads(), s.headDim());
  }

  private static final TensorTable DENSE =
      TRANSFORMER
          .outside("token_embd", "word_embeddings")
          .block("attn_qkv", "self_attention.query_key_value", GptFamilies::grouped)
          .block("attn_output", "self_attention.dense")
          .block("ffn_up", "mlp.dense_h_to_4h")
          .block("ffn_down", "mlp.dense_4h_to_h");

  static final GgufFamily BLOOM =
      GgufFamily.of(
              "bloom",
              "bloom",
              "BloomForCausalLM",
              DENSE
                  .outside("token_embd_norm", "word_embeddings_layernorm")
                  .block("attn_norm", "input_layernorm")
                  .block("ffn_norm", "post_attention_layernorm"))
          .with(
              Keys.whole("embedding_length", "hidden_size"),
              Keys.derived("feed_forward_length", c -> 4 * ConfigValues.required(c, "hidden_size")),
              Keys.whole("block_count", "n_layer"),
              Keys.whole("attention.head_count", "n_head"),
              Keys.derived("attention.head_count_kv", c -> ConfigValues.required(c, "n_head")),
              Keys.context("seq_length"),
              Keys.layerNorm("layer_norm_epsilon"),
              Keys.constant("apply_residual_connection_post_layernorm", false));

  /**
   * Falcon. With one key/value head the old order of rows is the new one, so all files are read as
   * of the new architecture; two norms before the halves are told by their tensors.
   */
  static final GgufFamily FALCON =
      GgufFamily.of(
              "falcon",
              "falcon",
              "FalconForCausalLM",
              DENSE
                  .block(
                      List.of("attn_norm", "attn_norm_2"),
                      List.of("ln_mlp", "ln_attn"),
                      s -> Transforms.SAME)
                  .block("attn_norm", "input_layernorm"))
          .settling(GptFamilies::oldFalcon)
          .with(
              Keys.whole("embedding_length", "hidden_size"),
              Keys.width(1, "ffn_hidden_size"),
              Keys.whole("block_count", "num_hidden_layers"),
              Keys.whole("attention.head_count", "num_attention_heads"),
              Keys.wholeOr("attention.head_count_kv", "num_kv_heads", "num_attention_heads"),
              Keys.context("max_position_embeddings"),
              Keys.constant("new_decoder_architecture", true),
              Keys.constant("parallel_attn", true),
              Keys.constant("multi_query", true),
              Keys.constant("alibi", false),
              Keys.constant("bias", false),
              Keys.constant("activation", "gelu"),
              Keys.rule(
                  (model, config) ->
                      config.put(
                          "num_ln_in_parallel_attn",
                          model.has("blk.0.attn_norm_2.weight") ? 2L : 1L),
                  (config, out) -> {}),
              Keys.layerNorm("layer_norm_epsilon"),
              new RopeScaling(10_000));

  /** The old architecture counts heads that it does not have, and leaves out what is usual. */
  private static void oldFalcon(Map<String, Object> config) {
    boolean newer = ConfigValues.flag(config, "new_decoder_architecture", false);
    if (!newer && ConfigValues.flag(config, "multi_query", true)) {
      config.put("num_kv_heads", 1L);
    } else if (!newer) {
      config.put("num_kv_heads", ConfigValues.required(config, "num_attention_heads"));
    }
    config.computeIfAbsent(
        "ffn_hidden_size", key -> 4 * ConfigValues.required(config, "hidden_size"));
  }

  static final GgufFamily MPT =
      GgufFamily.of(
              "mpt",
              "mpt",
              "MptForCausalLM",
              TensorTable.of("transformer.", "blocks")
                  .outside("token_embd", "wte")
                  .outside("output_norm", "norm_f")
                  .head("lm_head")
                  .block("attn_norm", "norm_1")
                  .block("attn_qkv", "attn.Wqkv")
                  .block("attn_output", "attn.out_proj")
                  .block("ffn_norm", "norm_2")
                  .block("ffn_up", "ffn.up_proj")
                  .block("ffn_down", "ffn.down_proj"))
          .with(
              Keys.whole("embedding_length", "d_model"),
              Keys.whole("block_count", "n_layers"),
              Keys.whole("attention.head_count", "n_heads"),
              Keys.context("max_seq_len"),
              Keys.realOr("attention.layer_norm_epsilon", 1e-5, "layer_norm_epsilon"),
              Keys.rule(GptFamilies::readAttention, GptFamilies::writeAttention));

  private static void readAttention(GgufModel model, Map<String, Object> config) {
    Map<String, Object> section = new LinkedHashMap<>();
    section.put("alibi", true);
    model
        .positive("attention.max_alibi_bias")
        .ifPresent(x -> section.put("alibi_bias_max", (long) x));
    Object clip = model.fields().values().get(model.key("attention.clamp_kqv"));
    boolean clips = clip instanceof Number n && n.doubleValue() != 0;
    section.put(
        "clip_qkv", clips ? (Object) model.positive("attention.clamp_kqv").getAsDouble() : null);
    config.put("attn_config", section);
  }

  private static void writeAttention(Map<String, Object> config, BiConsumer<String, Object> out) {
    Map<?, ?> section = config.get("attn_config") instanceof Map<?, ?> m ? m : Map.of();
    Object most = section.get("alibi_bias_max");
    out.accept("attention.max_alibi_bias", most instanceof Number n ? n.floatValue() : 8f);
    if (section.get("clip_qkv") instanceof Number n) {
      out.accept("attention.clamp_kqv", n.floatValue());
    }
    out.accept("feed_forward_length", 4 * ConfigValues.required(config, "d_model"));
  }

  static final GgufFamily STARCODER2 =
      GgufFamily.of(
              "starcoder2",
              "starcoder2",
              "Starcoder2ForCausalLM",
              Tables.norms(Tables.ATTENTION)
                  .block("ffn_up", "mlp.c_fc")
                  .block("ffn_down", "mlp.c_proj"))
          .with(Tables.SIZES_BY_MAPS)
          .with(
              Keys.headDim(),
              Keys.constant("hidden_act", "gelu_pytorch_tanh"),
              Keys.context("max_position_embeddings"),
              Keys.layerNorm("norm_epsilon", "layer_norm_epsilon"),
              Keys.present("use_bias", "blk.0.attn_q.bias"),
              new Windows.Everywhere(),
              new RopeScaling(10_000));

  private GptFamilies() {}
}

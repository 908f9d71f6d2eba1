package dev.ashlar.formats.gguf.family;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Families of one or two architectures each. */
final class OtherFamilies {
  static final GgufFamily STABLELM =
      GgufFamily.of("stablelm", "stablelm", "StableLmForCausalLM", Tables.GATED)
          .with(Tables.SIZES)
          .with(
              Keys.turning("partial_rotary_factor"),
              Keys.constant("hidden_act", "silu"),
              Keys.context("max_position_embeddings"),
              Keys.layerNorm("layer_norm_eps"),
              new RopeScaling(10_000),
              Keys.flag("use_parallel_residual", "use_parallel_residual", false),
              Keys.present("use_qkv_bias", "blk.0.attn_q.bias"));

  static final GgufFamily OLMO =
      GgufFamily.of("olmo", "olmo", "OlmoForCausalLM", Tables.gated(Tables.PAIRED))
          .with(Tables.SIZES)
          .with(
              Keys.headDim(),
              Keys.constant("hidden_act", "silu"),
              Keys.context("max_position_embeddings"),
              Keys.told("attention.layer_norm_epsilon", 1e-5f),
              new RopeScaling(10_000),
              Keys.realOptional("attention.clamp_kqv", "clip_qkv"));

  private static final TensorTable NORMS_BEHIND =
      Tables.headNorms(Tables.gated(Tables.normsBehind(Tables.ATTENTION)));

  static final GgufFamily OLMO3 =
      GgufFamily.of("olmo2", "olmo3", "Olmo3ForCausalLM", NORMS_BEHIND)
          .only(model -> model.whole("attention.sliding_window", 0).orElse(0) > 0)
          .with(Tables.SIZES)
          .with(Tables.USUAL)
          .with(Keys.slidingLayers(4), Tables.ATTENTION_BIAS);

  static final GgufFamily OLMO2 =
      GgufFamily.of("olmo2", "olmo2", "Olmo2ForCausalLM", NORMS_BEHIND)
          .with(Tables.SIZES)
          .with(Tables.USUAL)
          .with(Tables.ATTENTION_BIAS);

  static final GgufFamily OLMOE =
      GgufFamily.of(
              "olmoe",
              "olmoe",
              "OlmoeForCausalLM",
              Tables.headNorms(Tables.norms(Tables.ATTENTION))
                  .block("ffn_gate_inp", "mlp.gate")
                  .experts("mlp.experts", "gate_proj", "up_proj", "down_proj"))
          .with(Tables.SIZES)
          .with(Tables.USUAL)
          .with(Tables.experts("num_experts"))
          .with(Keys.constant("norm_topk_prob", false));

  private static final TensorTable PARALLEL =
      Tables.headNorms(Tables.gated(Tables.ATTENTION)).block("attn_norm", "input_layernorm");

  private static final KeyRule[] COHERE_KEYS = {
    Keys.headDim(),
    Keys.constant("hidden_act", "silu"),
    Keys.context("max_position_embeddings"),
    Keys.layerNorm("layer_norm_eps"),
    new RopeScaling(10_000),
    Keys.real("logit_scale", "logit_scale"),
    Tables.ATTENTION_BIAS,
  };

  static final GgufFamily COHERE =
      GgufFamily.of("command-r", "cohere", "CohereForCausalLM", PARALLEL)
          .withDefault("logit_scale", 0.0625)
          .with(Tables.SIZES)
          .with(COHERE_KEYS)
          .with(Keys.present("use_qk_norm", "blk.0.attn_q_norm.weight"));

  static final GgufFamily COHERE2 =
      GgufFamily.of("cohere2", "cohere2", "Cohere2ForCausalLM", PARALLEL)
          .withDefault("logit_scale", 0.0625)
          .withDefault("sliding_window", 4096L)
          .with(Tables.SIZES)
          .with(COHERE_KEYS)
          .with(Keys.slidingLayers(4));

  /** Layers of the one model of the architecture that has a window. */
  private static final long EXAONE4_SLIDING = 64;

  static final GgufFamily EXAONE4 =
      GgufFamily.of("exaone4", "exaone4", "Exaone4ForCausalLM", NORMS_BEHIND)
          .with(Tables.SIZES)
          .with(Tables.USUAL)
          .with(
              Keys.slidingLayers(4),
              Keys.otherwise(
                  c ->
                      ConfigValues.whole(c, Windows.SIZE).orElse(0) > 0
                          && ConfigValues.required(c, "num_hidden_layers") != EXAONE4_SLIDING,
                  "llama.cpp and its kin know a window in models of this architecture with "
                      + EXAONE4_SLIDING
                      + " layers only: they compute another model; Ashlar computes this one"));

  static final GgufFamily ERNIE =
      GgufFamily.of("ernie4_5", "ernie4_5", "Ernie4_5ForCausalLM", Tables.GATED)
          .with(Tables.SIZES)
          .with(Tables.USUAL)
          .with(Keys.present("use_bias", "blk.0.attn_q.bias"));

  static final GgufFamily ERNIE_MOE =
      GgufFamily.of(
              "ernie4_5-moe",
              "ernie4_5_moe",
              "Ernie4_5_MoeForCausalLM",
              Tables.GATED
                  .block("ffn_gate_inp", "mlp.gate")
                  .experts("mlp.experts", "gate_proj", "up_proj", "down_proj")
                  .shared("mlp.shared_experts")
                  .exact(
                      List.of("exp_probs_b.bias"),
                      List.of("mlp.moe_statics.e_score_correction_bias"),
                      s -> Transforms.ONE_ROW))
          .withDefault("moe_layer_interval", 1L)
          .with(Tables.SIZES)
          .with(Tables.USUAL)
          .with(
              Keys.present("use_bias", "blk.0.attn_q.bias"),
              Keys.whole("expert_count", "moe_num_experts"),
              Keys.whole("expert_used_count", "moe_k"),
              Keys.whole("interleave_moe_layer_step", "moe_layer_interval"),
              Keys.optional("leading_dense_block_count", "moe_layer_start_index"),
              Keys.whole("expert_feed_forward_length", "moe_intermediate_size"),
              Keys.optional("expert_shared_count", "moe_num_shared_experts"),
              Keys.derived(
                  "expert_shared_feed_forward_length",
                  c ->
                      ConfigValues.required(c, "moe_intermediate_size")
                          * ConfigValues.whole(c, "moe_num_shared_experts").orElse(0)));

  static final GgufFamily NEMOTRON =
      GgufFamily.of(
              "nemotron",
              "nemotron",
              "NemotronForCausalLM",
              Tables.attention(
                      TensorTable.of("model.", "layers")
                          .outside("token_embd", "embed_tokens")
                          .outside("output_norm", "norm", s -> Transforms.PLUS_ONE)
                          .head("lm_head"))
                  .block("attn_norm", "input_layernorm", s -> Transforms.PLUS_ONE)
                  .block("ffn_norm", "post_attention_layernorm", s -> Transforms.PLUS_ONE)
                  .block("ffn_up", "mlp.up_proj")
                  .block("ffn_down", "mlp.down_proj"))
          .withDefault("partial_rotary_factor", 0.5)
          .with(Tables.SIZES)
          .with(
              Keys.turning("partial_rotary_factor"),
              Keys.constant("hidden_act", "relu2"),
              Keys.context("max_position_embeddings"),
              Keys.layerNorm("norm_eps"),
              new RopeScaling(10_000),
              Tables.ATTENTION_BIAS,
              Keys.present("mlp_bias", "blk.0.ffn_up.bias"));

  static final GgufFamily SEED_OSS =
      GgufFamily.of(
              "seed_oss",
              "seed_oss",
              "SeedOssForCausalLM",
              Tables.gated(Tables.ATTENTION)
                  .block("attn_norm", "input_layernorm")
                  .block("post_attention_norm", "post_attention_layernorm"))
          .with(Tables.SIZES)
          .with(Tables.USUAL)
          .with(
              Tables.ATTENTION_BIAS, Keys.present("attention_out_bias", "blk.0.attn_output.bias"));

  private static final TensorTable HUNYUAN_TABLE =
      Tables.GATED
          .block("attn_q_norm", "self_attn.query_layernorm")
          .block("attn_k_norm", "self_attn.key_layernorm");

  static final GgufFamily HUNYUAN =
      GgufFamily.of("hunyuan-dense", "hunyuan_v1_dense", "HunYuanDenseV1ForCausalLM", HUNYUAN_TABLE)
          .with(Tables.SIZES)
          .with(Tables.USUAL)
          .with(Tables.ATTENTION_BIAS);

  static final GgufFamily HUNYUAN_MOE =
      GgufFamily.of(
              "hunyuan-moe",
              "hunyuan_v1_moe",
              "HunYuanMoEV1ForCausalLM",
              HUNYUAN_TABLE
                  .block("ffn_gate_inp", "mlp.gate.wg")
                  .experts("mlp.experts", "gate_proj", "up_proj", "down_proj")
                  .shared("mlp.shared_mlp"))
          .with(Tables.SIZES)
          .with(Tables.USUAL)
          .with(
              Tables.ATTENTION_BIAS,
              Keys.whole("expert_count", "num_experts"),
              Keys.whole("expert_used_count", "moe_topk"),
              Keys.derived("expert_feed_forward_length", OtherFamilies::width),
              Keys.derived("expert_shared_feed_forward_length", OtherFamilies::width));

  /** Of experts whose width is that of the configuration's dense blocks. */
  private static long width(Map<String, Object> config) {
    return ConfigValues.required(config, "intermediate_size");
  }

  /** What turns of a head, as a number; without it, the fraction of another rule stays. */
  private static final KeyRule ROTARY =
      Keys.rule(
          (model, config) -> config.put("rotary_dim", model.required("rope.dimension_count")),
          (config, out) ->
              ConfigValues.whole(config, "rotary_dim")
                  .ifPresent(n -> out.accept("rope.dimension_count", n)));

  static final GgufFamily MINIMAX_M2 =
      GgufFamily.of(
              "minimax-m2",
              "minimax_m2",
              "MiniMaxM2ForCausalLM",
              Tables.corrected(
                  Tables.headNorms(Tables.norms(Tables.ATTENTION))
                      .block("ffn_gate_inp", "block_sparse_moe.gate")
                      .experts("block_sparse_moe.experts", "w1", "w3", "w2"),
                  "block_sparse_moe.e_score_correction_bias"))
          .with(Tables.SIZES)
          .with(Tables.PARTIAL)
          .with(Tables.experts("num_local_experts"))
          .with(
              Keys.derived("expert_feed_forward_length", OtherFamilies::width),
              Keys.derived("expert_gating_func", c -> Keys.SIGMOID),
              ROTARY);

  /** Bounds of YaRN that are not rounded to whole pairs, which no key says. */
  private static final KeyRule UNTRUNCATED =
      Keys.rule(
          (model, config) -> {
            if (config.get("rope_scaling") instanceof Map<?, ?> scaling
                && "yarn".equals(scaling.get("rope_type"))) {
              Map<String, Object> more = new LinkedHashMap<>();
              scaling.forEach((k, v) -> more.put((String) k, v));
              more.put("truncate", false);
              config.put("rope_scaling", more);
            }
          },
          (config, out) -> {});

  /** GPT-OSS, whose experts a folder stacks with gates and ups in turns. */
  static final GgufFamily GPT_OSS =
      GgufFamily.of(
              "gpt-oss",
              "gpt_oss",
              "GptOssForCausalLM",
              Tables.ATTENTION
                  .block("attn_norm", "input_layernorm")
                  .block("post_attention_norm", "post_attention_layernorm")
                  .exact("attn_sinks.weight", "self_attn.sinks")
                  .block("ffn_gate_inp", "mlp.router")
                  .block(
                      List.of("ffn_gate_exps", "ffn_up_exps"),
                      List.of("mlp.experts.{e}.gate_proj", "mlp.experts.{e}.up_proj"),
                      s -> ExpertTransforms.HALVES_OF_TURNS)
                  .block(
                      List.of("ffn_down_exps"),
                      List.of("mlp.experts.{e}.down_proj"),
                      s -> Transforms.STACKED)
                  .exact(
                      List.of("ffn_gate_exps.weight", "ffn_up_exps.weight"),
                      List.of("mlp.experts.gate_up_proj"),
                      s -> ExpertTransforms.TURNS)
                  .exact(
                      List.of("ffn_gate_exps.bias", "ffn_up_exps.bias"),
                      List.of("mlp.experts.gate_up_proj_bias"),
                      s -> ExpertTransforms.BIASES_IN_TURNS)
                  .exact(
                      List.of("ffn_down_exps.weight"),
                      List.of("mlp.experts.down_proj"),
                      s -> ExpertTransforms.TURNED)
                  .exact("ffn_down_exps.bias", "mlp.experts.down_proj_bias"))
          .withDefault("sliding_window", 128L)
          .with(Tables.SIZES)
          .with(Tables.USUAL)
          .with(Tables.experts("num_local_experts"))
          .with(
              Keys.slidingLayers(2),
              Tables.ATTENTION_BIAS,
              UNTRUNCATED,
              // A configuration that says nothing of stretching means the published models'.
              Keys.rule(
                  (model, config) ->
                      config.computeIfAbsent("rope_scaling", k -> Map.of("rope_type", "default")),
                  (config, out) -> {}),
              Keys.rule(
                  (model, config) ->
                      model
                          .whole("expert_feed_forward_length", 1)
                          .ifPresent(n -> config.put("intermediate_size", n)),
                  (config, out) ->
                      out.accept(
                          "expert_feed_forward_length",
                          ConfigValues.required(config, "intermediate_size"))));

  private OtherFamilies() {}
}

package dev.ashlar.formats.gguf.family;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.function.BiConsumer;

/** DeepSeek 2 and 3, which are one architecture there, and what took over their experts. */
final class DeepseekFamilies {
  private static final TensorTable TABLE =
      Tables.corrected(
          Tables.gated(Tables.norms(Tables.ENDS))
              .block("attn_q", "self_attn.q_proj")
              .block("attn_q_a", "self_attn.q_a_proj")
              .block("attn_q_a_norm", "self_attn.q_a_layernorm")
              .block("attn_q_b", "self_attn.q_b_proj")
              .block("attn_kv_a_mqa", "self_attn.kv_a_proj_with_mqa")
              .block("attn_kv_a_norm", "self_attn.kv_a_layernorm")
              .block(
                  List.of("attn_k_b", "attn_v_b"),
                  List.of("self_attn.kv_b_proj"),
                  ExpertTransforms::latent)
              .block("attn_kv_b", "self_attn.kv_b_proj")
              .block("attn_output", "self_attn.o_proj")
              .block("ffn_gate_inp", "mlp.gate")
              .experts("mlp.experts", "gate_proj", "up_proj", "down_proj")
              .shared("mlp.shared_experts"),
          "mlp.gate.e_score_correction_bias");

  private static final KeyRule LATENTS =
      Keys.rule(DeepseekFamilies::readLatents, DeepseekFamilies::writeLatents);

  private static void readLatents(GgufModel model, Map<String, Object> config) {
    long rotary = model.required("rope.dimension_count");
    OptionalLong key = model.whole("attention.key_length_mla", 1);
    OptionalLong value = model.whole("attention.value_length_mla", 1);
    long whole = key.isPresent() ? key.getAsLong() : model.required("attention.key_length");
    if (whole <= rotary) {
      throw model.fault("rope.dimension_count", "less than " + whole, Long.toString(rotary));
    }
    config.put("num_key_value_heads", config.get("num_attention_heads"));
    OptionalLong narrow = model.whole("attention.q_lora_rank", 0);
    config.put("q_lora_rank", narrow.orElse(0) > 0 ? (Object) narrow.getAsLong() : null);
    config.put("kv_lora_rank", model.required("attention.kv_lora_rank"));
    config.put("qk_nope_head_dim", whole - rotary);
    config.put("qk_rope_head_dim", rotary);
    config.put(
        "v_head_dim",
        value.isPresent() ? value.getAsLong() : model.required("attention.value_length"));
  }

  private static void writeLatents(Map<String, Object> config, BiConsumer<String, Object> out) {
    long latent = ConfigValues.required(config, "kv_lora_rank");
    long rotary = ConfigValues.required(config, "qk_rope_head_dim");
    long valueDim = ConfigValues.required(config, "v_head_dim");
    ConfigValues.whole(config, "q_lora_rank")
        .ifPresent(n -> out.accept("attention.q_lora_rank", n));
    out.accept("attention.head_count_kv", 1L);
    out.accept("attention.kv_lora_rank", latent);
    out.accept("attention.key_length", latent + rotary);
    out.accept("attention.value_length", latent);
    out.accept(
        "attention.key_length_mla", ConfigValues.required(config, "qk_nope_head_dim") + rotary);
    out.accept("attention.value_length_mla", valueDim);
    out.accept("rope.dimension_count", rotary);
  }

  /** YaRN with a temperature of its own, which GGUF has as a tenth. */
  private static final KeyRule TEMPERATURE =
      Keys.rule(
          (model, config) -> {
            OptionalDouble tenth = model.positive("rope.scaling.yarn_log_multiplier");
            if (tenth.isPresent() && config.get("rope_scaling") instanceof Map<?, ?> scaling) {
              Map<String, Object> more = new LinkedHashMap<>();
              scaling.forEach((k, v) -> more.put((String) k, v));
              double weight = Math.round(tenth.getAsDouble() * 1e7) / 1e6;
              more.put("mscale", weight);
              more.put("mscale_all_dim", weight);
              config.put("rope_scaling", more);
            }
          },
          (config, out) ->
              ConfigValues.number(config, "mscale_all_dim")
                  .ifPresent(
                      x -> out.accept("rope.scaling.yarn_log_multiplier", (float) (0.1 * x))));

  private static final KeyRule[] SIZES = {
    Keys.whole("embedding_length", "hidden_size"),
    Keys.whole("feed_forward_length", "intermediate_size"),
    Keys.whole("block_count", "num_hidden_layers"),
    Keys.whole("attention.head_count", "num_attention_heads"),
    LATENTS,
    Keys.constant("hidden_act", "silu"),
    Keys.context("max_position_embeddings"),
    Keys.rms(),
    new RopeScaling(10_000),
    TEMPERATURE,
    Keys.constant("moe_layer_freq", 1L),
  };

  static final GgufFamily V3 =
      GgufFamily.of("deepseek2", "deepseek_v3", "DeepseekV3ForCausalLM", TABLE)
          .withDefault("scoring_func", "sigmoid")
          .only(
              model ->
                  model.whole("expert_gating_func", 0).orElse(0) == Keys.SIGMOID
                      || model.tensors().keySet().stream()
                          .anyMatch(name -> name.endsWith(".exp_probs_b.bias")))
          .with(SIZES)
          .with(Tables.ROUTED)
          .with(Keys.constant("topk_method", "noaux_tc"));

  static final GgufFamily V2 =
      GgufFamily.of("deepseek2", "deepseek_v2", "DeepseekV2ForCausalLM", TABLE)
          .with(SIZES)
          .with(Tables.ROUTED)
          .with(
              Keys.rule(
                  (model, config) ->
                      config.put(
                          "topk_method",
                          model.whole("expert_group_count", 1).orElse(1) > 1
                              ? "group_limited_greedy"
                              : "greedy"),
                  (config, out) -> {}),
              Keys.otherwise(
                  c -> "group_limited_greedy".equals(c.get("topk_method")),
                  "llama.cpp and its kin choose groups of experts by the two best of each, where"
                      + " this model takes the best one: they compute another model; Ashlar"
                      + " computes this one"));

  private DeepseekFamilies() {}
}

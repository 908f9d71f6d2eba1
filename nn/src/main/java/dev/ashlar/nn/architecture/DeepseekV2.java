package dev.ashlar.nn.architecture;

import dev.ashlar.nn.decoder.AttentionSpec;
import dev.ashlar.nn.decoder.AttentionSpec.ProjectionSpec;
import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.nn.decoder.FeedForwardSpec;
import dev.ashlar.nn.decoder.FeedForwardSpec.RouterSpec;
import dev.ashlar.nn.decoder.LinearSpec;
import dev.ashlar.nn.decoder.NormSpec;
import dev.ashlar.nn.decoder.PositionSpec;
import dev.ashlar.nn.op.Route;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.Map;
import java.util.Optional;

/**
 * DeepSeek-V2 (arXiv 2405.04434): queries, keys and values out of latents, many small experts of
 * which some are shared by all tokens.
 */
final class DeepseekV2 implements Architecture {
  private static final Map<String, Object> DEFAULTS =
      Map.of(
          "kv_lora_rank",
          512,
          "q_lora_rank",
          1536,
          "qk_nope_head_dim",
          128,
          "qk_rope_head_dim",
          64,
          "v_head_dim",
          128,
          "n_routed_experts",
          64,
          "n_shared_experts",
          2,
          "moe_intermediate_size",
          1407);

  @Override
  public String modelType() {
    return "deepseek_v2";
  }

  @Override
  public DecoderSpec spec(Map<String, Object> config, WeightSource source) {
    return new Style(modelType(), Config.complete(config, DEFAULTS), source).spec();
  }

  /** What the DeepSeek families share. */
  static class Style extends LlamaStyle {
    private static final Keys HEADS =
        new Keys(
            "hidden_size",
            "num_hidden_layers",
            "num_attention_heads",
            "",
            "max_position_embeddings");

    /** The peers build the norms of latents with this, whatever the configuration says. */
    private static final float LATENT_EPS = 1e-6f;

    private final int plain;
    private final int rotary;
    private final int valueDim;

    Style(String modelType, Map<String, Object> config, WeightSource source) {
      super(modelType, config, source, HEADS);
      this.plain = this.config.count("qk_nope_head_dim");
      this.rotary = this.config.count("qk_rope_head_dim");
      this.valueDim = valueDim();
    }

    /** Elements of a head of values. */
    int valueDim() {
      return config.count("v_head_dim");
    }

    @Override
    PositionSpec position(int layer) {
      boolean interleaved = config.flag("rope_interleave", true);
      return new PositionSpec.Rotary(Rope.readDim(config, rotary, maxPositions, interleaved));
    }

    /** Stretched models raise the temperature with the square of YaRN's factor. */
    @Override
    double scale(int layer) {
      double magnitude = 1;
      Optional<Config> rope = Rope.section(config);
      if (rope.isPresent() && rope.get().has("factor") && rope.get().has("mscale_all_dim")) {
        double factor = rope.get().positive("factor");
        magnitude = Rope.magnitude(factor, rope.get().number("mscale_all_dim"));
      }
      return magnitude * magnitude / Math.sqrt(plain + rotary);
    }

    @Override
    AttentionSpec attention(int layer) {
      return new AttentionSpec(
          heads,
          heads,
          plain + rotary,
          projection(layer),
          LinearSpec.of("self_attn.o_proj", heads * valueDim, dim, qkvBias()),
          position(layer),
          (float) scale(layer),
          0,
          0,
          0,
          Optional.empty(),
          valueDim,
          Optional.empty());
    }

    /** Width of the latent of queries; 0 where the first block has a map without one. */
    private int narrow() {
      return has(false, "self_attn.q_proj.weight") ? 0 : config.natural("q_lora_rank", 0);
    }

    @Override
    ProjectionSpec projection(int layer) {
      int queries = heads * (plain + rotary);
      int narrow = narrow();
      int latent = config.count("kv_lora_rank");
      boolean direct = narrow == 0;
      return new ProjectionSpec.Latent(
          direct
              ? Optional.empty()
              : Optional.of(LinearSpec.of("self_attn.q_a_proj", dim, narrow, qkvBias())),
          direct
              ? Optional.empty()
              : Optional.of(NormSpec.rms("self_attn.q_a_layernorm", narrow, LATENT_EPS)),
          direct
              ? LinearSpec.of("self_attn.q_proj", dim, queries, false)
              : LinearSpec.of("self_attn.q_b_proj", narrow, queries, false),
          LinearSpec.of("self_attn.kv_a_proj_with_mqa", dim, latent + rotary, qkvBias()),
          NormSpec.rms("self_attn.kv_a_layernorm", latent, LATENT_EPS),
          LinearSpec.of("self_attn.kv_b_proj", latent, heads * (plain + valueDim), false),
          rotary);
    }

    @Override
    FeedForwardSpec feedForward(int layer) {
      boolean sparse =
          config.has("n_routed_experts")
              && layer >= config.natural("first_k_dense_replace", 0)
              && layer % config.count("moe_layer_freq", 1) == 0;
      return sparse ? mixture(this, router()) : super.feedForward(layer);
    }

    RouterSpec router() {
      boolean grouped = config.text("topk_method", "greedy").equals("group_limited_greedy");
      boolean normalize = config.flag("norm_topk_prob", false);
      float scale = (float) config.positive("routed_scaling_factor", 1);
      int experts = config.count("n_routed_experts");
      return new RouterSpec.Scores(
          LinearSpec.of("mlp.gate", dim, experts, false),
          Route.Score.SOFTMAX,
          perToken(experts),
          normalize,
          normalize ? 1 : scale,
          Optional.empty(),
          grouped ? groups(this, experts) : 1,
          grouped ? topGroups(this) : 1,
          false);
    }

    /** Groups of experts; they must divide evenly. */
    static int groups(LlamaStyle style, int experts) {
      int groups = style.config.count("n_group", 1);
      style.config.divides("n_routed_experts", experts, "n_group", groups);
      return groups;
    }

    /** Groups that a token may use; they must hold enough experts. */
    static int topGroups(LlamaStyle style) {
      int groups = style.config.count("n_group", 1);
      int top = style.config.count("topk_group", 1);
      int size = style.config.count("n_routed_experts") / groups;
      if (top > groups || top * size < style.config.count("num_experts_per_tok")) {
        throw style.config.fault(
            "topk_group",
            "groups that exist and hold num_experts_per_tok experts",
            "the number " + top,
            "");
      }
      return top;
    }

    /** Routed experts beside shared ones that are one larger expert. */
    static FeedForwardSpec mixture(LlamaStyle style, RouterSpec router) {
      Config config = style.config;
      int hidden = config.count("moe_intermediate_size");
      int shared = config.natural("n_shared_experts", 0);
      return new FeedForwardSpec.Experts(
          router,
          style.experts(config.count("n_routed_experts"), hidden),
          shared == 0
              ? Optional.empty()
              : Optional.of(style.gated("mlp.shared_experts.", shared * hidden)),
          Optional.empty());
    }
  }
}

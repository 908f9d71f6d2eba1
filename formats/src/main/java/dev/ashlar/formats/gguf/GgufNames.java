package dev.ashlar.formats.gguf;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The words of GGUF in those of Hugging Face: the only place that knows both. A model family is one
 * entry in {@link #FAMILIES}.
 */
final class GgufNames {
  /**
   * A model family.
   *
   * @param architecture {@code general.architecture}
   * @param modelType {@code model_type}
   * @param modelClass the entry of {@code architectures}
   * @param interleavedRotary whether rows of q and k are stored for a rotation of neighbouring
   *     elements, as {@code (head, i, half)} instead of {@code (head, half, i)}
   * @param block tensors of a block by their GGUF stem
   */
  record Family(
      String architecture,
      String modelType,
      String modelClass,
      boolean interleavedRotary,
      Map<String, String> block) {}

  /** Pre-norm blocks of attention and a gated feed-forward part. */
  private static final Map<String, String> GATED =
      Map.of(
          "attn_norm", "input_layernorm",
          "attn_q", "self_attn.q_proj",
          "attn_k", "self_attn.k_proj",
          "attn_v", "self_attn.v_proj",
          "attn_output", "self_attn.o_proj",
          "ffn_norm", "post_attention_layernorm",
          "ffn_gate", "mlp.gate_proj",
          "ffn_up", "mlp.up_proj",
          "ffn_down", "mlp.down_proj");

  /** Every family whose GGUF files can be read. */
  static final List<Family> FAMILIES =
      List.of(new Family("llama", "llama", "LlamaForCausalLM", true, GATED));

  private static final Map<String, String> OUTSIDE =
      Map.of(
          "token_embd", "model.embed_tokens",
          "output_norm", "model.norm",
          "output", "lm_head");

  private static final Pattern IN_BLOCK = Pattern.compile("blk\\.(\\d{1,9})\\.([a-z_]+)\\.(\\w+)");
  private static final Pattern OUTSIDE_BLOCKS = Pattern.compile("([a-z_]+)\\.(weight|bias)");

  private GgufNames() {}

  /** The family of that {@code general.architecture}. */
  static Optional<Family> family(String architecture) {
    return FAMILIES.stream().filter(f -> f.architecture().equals(architecture)).findFirst();
  }

  /** The architectures that can be read, for messages. */
  static String architectures() {
    return String.join(", ", FAMILIES.stream().map(Family::architecture).toList());
  }

  /**
   * The Hugging Face name of a GGUF tensor; empty for one without a counterpart, such as rotary
   * frequencies.
   */
  static Optional<String> huggingFace(Family family, String name) {
    Matcher in = IN_BLOCK.matcher(name);
    if (in.matches()) {
      return Optional.ofNullable(family.block().get(in.group(2)))
          .map(stem -> "model.layers." + in.group(1) + "." + stem + "." + in.group(3));
    }
    Matcher out = OUTSIDE_BLOCKS.matcher(name);
    return out.matches()
        ? Optional.ofNullable(OUTSIDE.get(out.group(1))).map(stem -> stem + "." + out.group(2))
        : Optional.empty();
  }

  /** Whether a tensor holds the rows of queries. */
  static boolean isQuery(String name) {
    return name.contains(".attn_q.");
  }

  /** Whether a tensor holds the rows of keys. */
  static boolean isKey(String name) {
    return name.contains(".attn_k.");
  }
}

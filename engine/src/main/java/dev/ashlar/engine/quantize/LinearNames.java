package dev.ashlar.engine.quantize;

import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Tells by its name alone what a matrix is, for checkpoints of families that nobody described. Errs
 * on the side of leaving a matrix float.
 */
final class LinearNames {
  /** What a matrix is for. */
  enum Kind {
    /** A linear map of a block. */
    LINEAR,
    /** A linear map that chooses between experts, or weighs them. */
    ROUTER,
    /** The output head. */
    HEAD,
    /** Part of a tower that sees or hears, or of what connects one to the language model. */
    OTHER_PART,
    /** A table, a norm, or anything outside blocks. */
    OTHER
  }

  /** A numbered list of blocks and a name inside the block. */
  private static final Pattern IN_BLOCK = Pattern.compile("(?:.*\\.)?\\d+\\..+");

  private static final Set<String> HEADS =
      Set.of("lm_head", "embed_out", "output", "output_layer", "head");
  private static final Set<String> ROUTERS =
      Set.of("gate", "router", "shared_expert_gate", "gate_inp", "wg", "classifier");
  private static final List<String> PARTS =
      List.of("vision", "visual", "image", "audio", "speech", "projector", "resampler");
  private static final List<String> TABLES =
      List.of("embed", "norm", "relative_attention_bias", "rotary", "wte", "wpe");

  private LinearNames() {}

  /**
   * What the module of that complete name is.
   *
   * @param module name of its tensor without {@code .weight}
   */
  static Kind kind(String module) {
    List<String> words = List.of(module.split("\\."));
    String last = words.getLast();
    if (contains(words, PARTS)) {
      return Kind.OTHER_PART;
    }
    boolean inBlock = IN_BLOCK.matcher(module).matches();
    if (!inBlock) {
      return HEADS.contains(last) ? Kind.HEAD : Kind.OTHER;
    }
    if (contains(words, TABLES) || last.endsWith("head")) {
      return Kind.OTHER;
    }
    boolean routes = ROUTERS.contains(last) || words.contains("router");
    return routes ? Kind.ROUTER : Kind.LINEAR;
  }

  /** Whether a tensor belongs to a tower that sees or hears. */
  static boolean isOtherPart(String tensor) {
    return contains(List.of(tensor.split("\\.")), PARTS);
  }

  private static boolean contains(List<String> words, List<String> parts) {
    return words.stream().anyMatch(word -> parts.stream().anyMatch(word::contains));
  }
}

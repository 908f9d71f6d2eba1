package dev.ashlar.text.tokenizer.split;

import dev.ashlar.text.tokenizer.config.Node;

/** What becomes of the places a pattern matches. */
public enum Behavior {
  /** They are dropped. */
  REMOVED,
  /** Each is a piece of its own. */
  ISOLATED,
  /** Each ends the piece before it. */
  MERGED_WITH_PREVIOUS,
  /** Each begins the piece after it. */
  MERGED_WITH_NEXT,
  /** Adjacent ones are one piece. */
  CONTIGUOUS;

  static Behavior read(Node node) {
    return switch (node.string()) {
      case "Removed" -> REMOVED;
      case "Isolated" -> ISOLATED;
      case "MergedWithPrevious" -> MERGED_WITH_PREVIOUS;
      case "MergedWithNext" -> MERGED_WITH_NEXT;
      case "Contiguous" -> CONTIGUOUS;
      default -> throw node.fault("the behavior \"" + node.string() + "\" is not supported");
    };
  }
}

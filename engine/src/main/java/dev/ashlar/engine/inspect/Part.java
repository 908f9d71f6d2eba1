package dev.ashlar.engine.inspect;

/** What a tensor is for. */
public enum Part {
  /** Tables of tokens and positions, and what maps them to the decoder's width. */
  EMBEDDING("embedding"),
  /** Queries, keys, values and outputs, with their biases and sinks. */
  ATTENTION("attention"),
  /** Feed-forward parts that all tokens go through. */
  MLP("MLP"),
  /** Mixtures: their experts, those that are shared, and what chooses among them. */
  EXPERTS("experts"),
  /** All norms. */
  NORMS("norms"),
  /** The map to the vocabulary, where it has a tensor of its own. */
  HEAD("head"),
  /** What is no part of the decoder, such as a vision tower. */
  OTHER("other");

  private final String label;

  Part(String label) {
    this.label = label;
  }

  /** Its name in reports. */
  public String label() {
    return label;
  }

  /** What a tensor of a family that nobody described may be, by its name. */
  static Part guessed(String name) {
    if (name.contains("norm") || name.matches("(.*\\.)?ln_\\w+\\..*")) {
      return NORMS;
    }
    if (name.contains("experts") || name.contains("router")) {
      return EXPERTS;
    }
    if (name.contains("attn") || name.contains("attention")) {
      return ATTENTION;
    }
    if (name.contains("mlp") || name.contains("feed_forward") || name.contains("ffn")) {
      return MLP;
    }
    if (name.contains("embed_out") || name.contains("lm_head")) {
      return HEAD;
    }
    return name.contains("embed") || name.matches("(.*\\.)?w[tp]e\\..*") ? EMBEDDING : OTHER;
  }
}

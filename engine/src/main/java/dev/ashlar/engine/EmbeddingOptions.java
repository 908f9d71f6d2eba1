package dev.ashlar.engine;

/**
 * How a text becomes one vector.
 *
 * @param pooling what becomes of the hidden states of its tokens
 * @param normalized whether vectors are scaled to length 1, so that products are cosines
 */
public record EmbeddingOptions(Pooling pooling, boolean normalized) {
  /** What becomes of the hidden states of a text's tokens. */
  public enum Pooling {
    /** Their mean. */
    MEAN,
    /** That of the last token, which has seen all others. */
    LAST
  }

  /** The mean, scaled to length 1. */
  public static EmbeddingOptions defaults() {
    return new EmbeddingOptions(Pooling.MEAN, true);
  }

  /** The same with the other pooling. */
  public EmbeddingOptions with(Pooling other) {
    return new EmbeddingOptions(other, normalized);
  }

  /** The same with vectors as long as they come. */
  public EmbeddingOptions unscaled() {
    return new EmbeddingOptions(pooling, false);
  }
}

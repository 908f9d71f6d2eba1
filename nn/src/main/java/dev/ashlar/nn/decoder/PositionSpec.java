package dev.ashlar.nn.decoder;

/** How one block's attention knows positions. */
public sealed interface PositionSpec {
  /** It does not (learned embeddings at the bottom, or a layer without positions). */
  record None() implements PositionSpec {}

  /** Queries and keys are rotated. */
  record Rotary(RotarySpec rotary) implements PositionSpec {}

  /**
   * A bias linear in the distance (Press et al., arXiv 2108.12409).
   *
   * @param scale multiplies the slopes that the number of heads gives
   */
  record Alibi(float scale) implements PositionSpec {}
}

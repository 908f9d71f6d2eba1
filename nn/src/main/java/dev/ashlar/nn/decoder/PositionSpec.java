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
  record Alibi(float scale) implements PositionSpec {
    /**
     * The slope of each head: a geometric sequence for the power of two below the number of heads,
     * and every other term of the next finer one for the rest.
     */
    public float[] slopes(int heads) {
      float[] slopes = new float[heads];
      int whole = Integer.highestOneBit(heads);
      for (int h = 0; h < heads; h++) {
        double exponent = h < whole ? -8.0 * (h + 1) / whole : -4.0 * (2 * (h - whole) + 1) / whole;
        slopes[h] = (float) Math.pow(2, exponent) * scale;
      }
      return slopes;
    }
  }
}

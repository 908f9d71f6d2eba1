package dev.ashlar.tuning.method;

/**
 * How large a unit is, for estimates of memory.
 *
 * @param weights elements of its linear maps
 * @param widths the sum of their outputs
 * @param dim of the hidden state
 */
public record UnitSize(long weights, long widths, int dim) {
  /** Hidden states that a block makes beside the outputs of its linear maps: norms, sums. */
  private static final int STATES = 8;

  /** Bytes of its weights as floats. */
  public long floatBytes() {
    return weights * Float.BYTES;
  }

  /** Bytes of what a forward pass leaves of so many tokens, kept until the pass is over. */
  public long passBytes(long tokens) {
    // Each wide output is there again activated or rotated.
    return tokens * (2 * widths + (long) STATES * dim) * Float.BYTES;
  }

  /** Both sizes at their larger: a unit of which neither is smaller. */
  public UnitSize max(UnitSize other) {
    return new UnitSize(
        Math.max(weights, other.weights), Math.max(widths, other.widths), Math.max(dim, other.dim));
  }
}

package dev.ashlar.tensor.kernel.vector.attention;

import dev.ashlar.tensor.kernel.vector.dense.RegisterTile;
import dev.ashlar.tensor.kernel.vector.lanes.Lanes;

/** One thread's buffers for attention; they grow to the largest unit seen and stay. */
final class AttentionScratch {
  private static final ThreadLocal<AttentionScratch> OWN =
      ThreadLocal.withInitial(AttentionScratch::new);

  /** The slots, so that one growing array serves each use. */
  enum Slot {
    /** Keys across: panels {@code [headDim, keys]}. */
    KEYS_ACROSS,
    /** Keys along: panels {@code [keys, headDim]}. */
    KEYS_ALONG,
    VALUES_ACROSS,
    VALUES_ALONG,
    /** Scores, then probabilities, of a block of queries. */
    SCORES,
    /** Gradients of the scores of the same block. */
    SCORE_GRADIENTS,
    QUERY_PANELS,
    OUTPUT_PANELS,
    STRIP,
    /** A block of keys or values gathered. */
    TILE
  }

  private final float[][] buffers = new float[Slot.values().length][0];

  /** A spare register tile. */
  final float[] tile = new float[RegisterTile.SPARE];

  /** Room for the partial sums of one row. */
  final float[] lanes = new float[Lanes.WAYS];

  /** A sum for each row of a strip. */
  final float[] sums = new float[Lanes.TILE_ROWS];

  private AttentionScratch() {}

  static AttentionScratch own() {
    return OWN.get();
  }

  /** The buffer of a slot, of at least {@code size} floats with undefined content. */
  float[] take(Slot slot, long size) {
    int i = slot.ordinal();
    if (buffers[i].length < size) {
      buffers[i] = new float[Math.toIntExact(size)];
    }
    return buffers[i];
  }
}

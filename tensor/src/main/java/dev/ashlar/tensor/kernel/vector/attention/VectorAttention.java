package dev.ashlar.tensor.kernel.vector.attention;

import dev.ashlar.tensor.kernel.AttentionKernel;
import dev.ashlar.tensor.kv.KvRows;

/**
 * Attention by register tiles. Keys and values of a unit are packed once; for each strip of six
 * queries the scores of all visible keys are formed, normalized and multiplied with the values
 * before they leave the cache. A few queries, as in decoding, read keys and values in place.
 */
public final class VectorAttention implements AttentionKernel {
  /** Query rows per unit below which packing the keys does not pay. */
  private static final int DIRECT_ROWS = 12;

  /** Pairs of queries and keys so few that a first prompt should not wait for other kernels. */
  private static final int DIRECT_PAIRS = 512;

  @Override
  public void forward(
      Spec spec, int from, int to, float[] q, KvRows k, KvRows v, float[] out, float[] lse) {
    for (int unit = from; unit < to; unit++) {
      int sequence = unit / spec.kvHeads();
      int rows = spec.ranges().length(sequence) * (spec.heads() / spec.kvHeads());
      if (rows < DIRECT_ROWS || (long) rows * spec.ranges().keys(sequence) < DIRECT_PAIRS) {
        DirectAttention.forward(spec, unit, q, k, v, out, lse);
      } else {
        AttentionForward.run(spec, unit, q, k, v, out, lse);
      }
    }
  }

  @Override
  public void backward(
      Spec spec,
      int from,
      int to,
      float[] q,
      KvRows.Dense k,
      KvRows.Dense v,
      float[] out,
      float[] lse,
      float[] dOut,
      float[] dq,
      float[] dk,
      float[] dv) {
    for (int unit = from; unit < to; unit++) {
      new AttentionBackward(spec, unit, q, k, v, out, lse, dOut, dq, dk, dv).run();
    }
  }
}

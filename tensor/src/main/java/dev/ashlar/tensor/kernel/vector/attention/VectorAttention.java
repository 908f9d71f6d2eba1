package dev.ashlar.tensor.kernel.vector.attention;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.kernel.AttentionKernel;
import dev.ashlar.tensor.kv.KvRows;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Attention by register tiles. Keys and values of a unit are packed once; for each strip of six
 * queries the scores of all visible keys are formed, normalized and multiplied with the values
 * before they leave the cache. A few queries, as in decoding, read keys and values in place, and
 * many keys in parts that threads share: three heads for keys on two threads would have one wait
 * for the other.
 */
public final class VectorAttention implements AttentionKernel {
  /** Query rows per unit below which packing the keys does not pay. */
  private static final int DIRECT_ROWS = 12;

  /** Pairs of queries and keys so few that a first prompt should not wait for other kernels. */
  private static final int DIRECT_PAIRS = 512;

  /** What parts came to, while nobody uses it. */
  private final AtomicReference<KeyParts> spare = new AtomicReference<>();

  @Override
  public void forward(Spec spec, float[] q, KvRows k, KvRows v, float[] out, float[] lse) {
    KeyParts kept = spare.getAndSet(null);
    KeyParts parts = kept == null ? new KeyParts() : kept;
    parts.plan(spec, VectorAttention::isDirect);
    Parallel.rows(
        parts.count(),
        1,
        (from, to) -> {
          for (int i = from; i < to; i++) {
            forward(spec, parts, i, q, k, v, out, lse);
          }
        });
    parts.join(out, lse);
    spare.set(parts);
  }

  private static void forward(
      Spec spec, KeyParts parts, int i, float[] q, KvRows k, KvRows v, float[] out, float[] lse) {
    int unit = parts.unit(i);
    if (parts.isShared(i)) {
      DirectAttention.part(spec, unit, parts, i, q, k, v);
    } else if (isDirect(spec, unit / spec.kvHeads())) {
      DirectAttention.forward(spec, unit, q, k, v, out, lse);
    } else {
      AttentionForward.run(spec, unit, q, k, v, out, lse);
    }
  }

  private static boolean isDirect(Spec spec, int sequence) {
    int rows = spec.ranges().length(sequence) * (spec.heads() / spec.kvHeads());
    return rows < DIRECT_ROWS || (long) rows * spec.ranges().keys(sequence) < DIRECT_PAIRS;
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

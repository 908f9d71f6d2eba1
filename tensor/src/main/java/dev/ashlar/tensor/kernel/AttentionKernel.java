package dev.ashlar.tensor.kernel;

import dev.ashlar.tensor.kv.KvRows;

/**
 * Causal grouped-query attention of a ragged batch. Query head {@code h} reads key/value head
 * {@code h / (heads / kvHeads)}. A query sees keys up to its own position, not before the
 * sequence's first, and with a window {@code w > 0} only {@code j > position − w}. A query that
 * sees nothing yields zeros.
 *
 * <p>One unit of work is one key/value head of one sequence, with all its query heads: {@code unit
 * = b · kvHeads + kvHead}. Units are independent, also in the backward pass, and a sequence's
 * results have the same bits whichever others are in the batch and however its keys are paged.
 */
public interface AttentionKernel {
  /**
   * Sizes and variants. Queries and outputs are {@code [rows, heads, headDim]} and {@code [rows,
   * heads, valueDim]}, the rows being those of the ranges.
   *
   * @param scale factor on the scores, usually {@code 1/sqrt(headDim)}
   * @param window sliding window, or 0 for none
   * @param softcap {@code cap·tanh(score/cap)} before the mask, or 0 for none
   * @param slopes ALiBi slope of each query head (bias {@code slope·(j − position)}), or null
   */
  record Spec(
      AttentionRanges ranges,
      int heads,
      int kvHeads,
      int headDim,
      int valueDim,
      float scale,
      int window,
      float softcap,
      float[] slopes) {
    /** Plain attention: no window, no cap, no bias. */
    public static Spec plain(
        AttentionRanges ranges, int heads, int kvHeads, int headDim, int valueDim, float scale) {
      return new Spec(ranges, heads, kvHeads, headDim, valueDim, scale, 0, 0, null);
    }

    /** Units of work: {@code sequences · kvHeads}. */
    public int units() {
      return ranges.sequences() * kvHeads;
    }

    /** First key that query {@code i} of sequence {@code b} sees. */
    public int firstVisible(int b, int i) {
      int first = ranges.firstKey(b);
      return window > 0 ? Math.max(first, endVisible(b, i) - window) : first;
    }

    /** One past the last key that query {@code i} of sequence {@code b} sees. */
    public int endVisible(int b, int i) {
      return ranges.keys(b) - ranges.length(b) + i + 1;
    }
  }

  /**
   * The output. Splits its own work, by keys too where heads and sequences are few; the split
   * follows from the sizes alone.
   *
   * @param k rows of {@code headDim}
   * @param v rows of {@code valueDim}
   * @param lse receives {@code log Σ exp(score)} as {@code [rows, heads]} for the backward pass;
   *     null where there is none
   */
  void forward(Spec spec, float[] q, KvRows k, KvRows v, float[] out, float[] lse);

  /**
   * Gradients of units {@code [from, to)}, which threads may share; {@code dq, dk, dv} are laid out
   * like {@code q, k, v} and are added to.
   */
  void backward(
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
      float[] dv);
}

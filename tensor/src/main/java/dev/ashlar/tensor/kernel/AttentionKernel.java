package dev.ashlar.tensor.kernel;

/**
 * Causal grouped-query attention. Query head {@code h} reads key/value head {@code h / (heads /
 * kvHeads)}. Query {@code i} of a sequence is the {@code keys − length + i}-th key's position; it
 * sees keys {@code j} up to its own position, not before {@code firstKey[b]}, and with a window
 * {@code w > 0} only {@code j > position − w}. A query that sees nothing yields zeros.
 *
 * <p>One unit of work is one key/value head of one sequence, with all its query heads: {@code unit
 * = b · kvHeads + kvHead}. Units are independent, also in the backward pass.
 */
public interface AttentionKernel {
  /**
   * Sizes, strides and variants.
   *
   * <p>Queries and outputs are {@code [batch, length, heads, headDim]} and {@code [batch, length,
   * heads, valueDim]}, dense. Keys and values are addressed by strides, so that a cache can be read
   * in place: element d of head h, position j, sequence b is at {@code b·batchStride + h·headStride
   * + j·positionStride + d} (keys and values each with their own).
   *
   * @param scale factor on the scores, usually {@code 1/sqrt(headDim)}
   * @param window sliding window, or 0 for none
   * @param softcap {@code cap·tanh(score/cap)} before the mask, or 0 for none
   * @param slopes ALiBi slope of each query head (bias {@code slope·(j − position)}), or null
   * @param firstKey first visible key of each sequence (left padding), or null for 0
   */
  record Spec(
      int batch,
      int length,
      int keys,
      int heads,
      int kvHeads,
      int headDim,
      int valueDim,
      Strides keyStrides,
      Strides valueStrides,
      float scale,
      int window,
      float softcap,
      float[] slopes,
      int[] firstKey) {
    /** Units of work: {@code batch · kvHeads}. */
    public int units() {
      return batch * kvHeads;
    }

    /** First key that query {@code i} of sequence {@code b} sees. */
    public int firstVisible(int b, int i) {
      int first = firstKey == null ? 0 : firstKey[b];
      return window > 0 ? Math.max(first, keys - length + i - window + 1) : first;
    }

    /** One past the last key that query {@code i} sees. */
    public int endVisible(int i) {
      return keys - length + i + 1;
    }
  }

  /** Where keys or values lie; see {@link Spec}. */
  record Strides(int batch, int head, int position) {
    /** Dense {@code [batch, keys, kvHeads, dim]}. */
    public static Strides dense(int keys, int kvHeads, int dim) {
      return new Strides(keys * kvHeads * dim, dim, kvHeads * dim);
    }
  }

  /**
   * Output of units {@code [from, to)}.
   *
   * @param lse receives {@code log Σ exp(score)} as {@code [batch, heads, length]} for the backward
   *     pass; null where there is none
   */
  void forward(
      Spec spec, int from, int to, float[] q, float[] k, float[] v, float[] out, float[] lse);

  /**
   * Gradients of units {@code [from, to)}; {@code dq, dk, dv} are laid out like {@code q, k, v} and
   * are added to.
   */
  void backward(
      Spec spec,
      int from,
      int to,
      float[] q,
      float[] k,
      float[] v,
      float[] out,
      float[] lse,
      float[] dOut,
      float[] dq,
      float[] dk,
      float[] dv);
}

package dev.ashlar.tornado.kernel;

import uk.ac.manchester.tornado.api.annotations.Parallel;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * Causal grouped-query attention of whole sequences of one length, and its gradients: row {@code b
 * · length + i} is token {@code i} of sequence {@code b}. Probabilities are not kept but made again
 * from the scores and their logarithmic sums (as in FlashAttention, arXiv 2205.14135, section 3.1),
 * so that memory grows with the tokens and not with their square.
 */
public final class DeviceWholeAttention {
  private DeviceWholeAttention() {}

  /**
   * {@code scale · q · k}, capped; heads of {@code dim} elements that begin at {@code a}, {@code
   * b}.
   */
  private static float score(
      FloatArray q, FloatArray k, int a, int b, int dim, float scale, float softcap) {
    float dot = 0;
    for (int d = 0; d < dim; d++) {
      dot += q.get(a + d) * k.get(b + d);
    }
    dot = dot * scale;
    if (softcap > 0f) {
      dot = softcap * TornadoMath.tanh(dot / softcap);
    }
    return dot;
  }

  /**
   * The output, a work item for each query head of each row.
   *
   * @param q {@code [rows, heads, headDim]}
   * @param k {@code [rows, kvHeads, headDim]}
   * @param v likewise
   * @param out {@code [rows, heads, headDim]}
   * @param lse receives {@code log Σ exp(score)}, {@code [rows, heads]}
   * @param window how many keys a query sees, or 0 for all before it
   * @param softcap {@code cap · tanh(score / cap)}, or 0 for none
   */
  public static void attend(
      FloatArray q,
      FloatArray k,
      FloatArray v,
      FloatArray out,
      FloatArray lse,
      int rows,
      int length,
      int heads,
      int kvHeads,
      int headDim,
      float scale,
      int window,
      float softcap) {
    for (@Parallel int r = 0; r < rows; r++) {
      for (@Parallel int h = 0; h < heads; h++) {
        int first = r / length * length;
        if (window > 0) {
          first = TornadoMath.max(first, r + 1 - window);
        }
        int at = (r * heads + h) * headDim;
        int head = h / (heads / kvHeads) * headDim;
        int width = kvHeads * headDim;
        float max = score(q, k, at, first * width + head, headDim, scale, softcap);
        for (int j = first + 1; j < r + 1; j++) {
          max = TornadoMath.max(max, score(q, k, at, j * width + head, headDim, scale, softcap));
        }
        for (int d = 0; d < headDim; d++) {
          out.set(at + d, 0f);
        }
        float sum = 0;
        for (int j = first; j < r + 1; j++) {
          int row = j * width + head;
          float weight = TornadoMath.exp(score(q, k, at, row, headDim, scale, softcap) - max);
          sum += weight;
          for (int d = 0; d < headDim; d++) {
            out.set(at + d, out.get(at + d) + weight * v.get(row + d));
          }
        }
        for (int d = 0; d < headDim; d++) {
          out.set(at + d, out.get(at + d) / sum);
        }
        lse.set(r * heads + h, max + TornadoMath.log(sum));
      }
    }
  }

  /**
   * The gradient of the queries, a work item for each query head of each row.
   *
   * @param delta receives {@code Σ dOut · out} of each head, {@code [rows, heads]}, for {@link
   *     #keyGradients}
   */
  public static void queryGradients(
      FloatArray q,
      FloatArray k,
      FloatArray v,
      FloatArray out,
      FloatArray lse,
      FloatArray dOut,
      FloatArray delta,
      FloatArray dq,
      int rows,
      int length,
      int heads,
      int kvHeads,
      int headDim,
      float scale,
      int window,
      float softcap) {
    for (@Parallel int r = 0; r < rows; r++) {
      for (@Parallel int h = 0; h < heads; h++) {
        int first = r / length * length;
        if (window > 0) {
          first = TornadoMath.max(first, r + 1 - window);
        }
        int at = (r * heads + h) * headDim;
        int head = h / (heads / kvHeads) * headDim;
        float own = 0;
        for (int d = 0; d < headDim; d++) {
          own += dOut.get(at + d) * out.get(at + d);
          dq.set(at + d, 0f);
        }
        delta.set(r * heads + h, own);
        float logSum = lse.get(r * heads + h);
        for (int j = first; j < r + 1; j++) {
          int row = j * kvHeads * headDim + head;
          float s = score(q, k, at, row, headDim, scale, softcap);
          float dot = 0;
          for (int d = 0; d < headDim; d++) {
            dot += dOut.get(at + d) * v.get(row + d);
          }
          float ds = TornadoMath.exp(s - logSum) * (dot - own) * scale;
          if (softcap > 0f) {
            float t = s / softcap;
            ds = ds * (1f - t * t);
          }
          for (int d = 0; d < headDim; d++) {
            dq.set(at + d, dq.get(at + d) + ds * k.get(row + d));
          }
        }
      }
    }
  }

  /**
   * The gradients of keys and values, a work item for each key head of each row.
   *
   * @param delta what {@link #queryGradients} left there
   */
  public static void keyGradients(
      FloatArray q,
      FloatArray k,
      FloatArray v,
      FloatArray lse,
      FloatArray dOut,
      FloatArray delta,
      FloatArray dk,
      FloatArray dv,
      int rows,
      int length,
      int heads,
      int kvHeads,
      int headDim,
      float scale,
      int window,
      float softcap) {
    for (@Parallel int j = 0; j < rows; j++) {
      for (@Parallel int g = 0; g < kvHeads; g++) {
        int shared = heads / kvHeads;
        int row = (j * kvHeads + g) * headDim;
        int end = (j / length + 1) * length;
        if (window > 0) {
          end = TornadoMath.min(end, j + window);
        }
        for (int d = 0; d < headDim; d++) {
          dk.set(row + d, 0f);
          dv.set(row + d, 0f);
        }
        for (int h = g * shared; h < g * shared + shared; h++) {
          for (int r = j; r < end; r++) {
            int at = (r * heads + h) * headDim;
            float s = score(q, k, at, row, headDim, scale, softcap);
            float p = TornadoMath.exp(s - lse.get(r * heads + h));
            float dot = 0;
            for (int d = 0; d < headDim; d++) {
              dot += dOut.get(at + d) * v.get(row + d);
            }
            float ds = p * (dot - delta.get(r * heads + h)) * scale;
            if (softcap > 0f) {
              float t = s / softcap;
              ds = ds * (1f - t * t);
            }
            for (int d = 0; d < headDim; d++) {
              dk.set(row + d, dk.get(row + d) + ds * q.get(at + d));
              dv.set(row + d, dv.get(row + d) + p * dOut.get(at + d));
            }
          }
        }
      }
    }
  }
}

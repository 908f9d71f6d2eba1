package dev.ashlar.tornado.kernel;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.annotations.Parallel;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Causal grouped-query attention over keys and values that lie in pages, in one pass with a running
 * maximum (online softmax, arXiv 1805.02867): decoding and prefill alike, rows of any sequences
 * side by side.
 *
 * <p>A row of queries is a token: {@code places[r] = (sequence, position)}. The key of position
 * {@code j} of sequence {@code s} lies in row {@code table[s, j / page] · page + j % page} of the
 * cache, {@code [rows, kvHeads, headDim]}. A row at position −1 is nobody's, and nothing is done
 * for it.
 */
public final class DeviceAttention {
  /** Elements of a head that {@link #attendByGroups} takes at most. */
  public static final int LARGEST_HEAD = 256;

  /** The sink of a head that has none, below all scores. */
  public static final float NO_SINK = -1e30f;

  private DeviceAttention() {}

  /** Puts rows where their positions lie in the cache: {@code cache[table…] = x[r]}. */
  public static void store(
      FloatArray x,
      IntArray places,
      IntArray table,
      FloatArray cache,
      int rows,
      int dim,
      int page,
      int pages) {
    for (@Parallel int r = 0; r < rows; r++) {
      for (@Parallel int i = 0; i < dim; i++) {
        int j = places.get(2 * r + 1);
        if (j >= 0) {
          int slot = table.get(places.get(2 * r) * pages + j / page) * page + j % page;
          cache.set(slot * dim + i, x.get(r * dim + i));
        }
      }
    }
  }

  /**
   * Copies pages of the cache, of {@code size} elements each.
   *
   * @param pages how many, then each with the one that it is copied to
   * @param most pages that there is room to name
   */
  public static void copyPages(FloatArray cache, IntArray pages, int most, int size) {
    for (@Parallel int p = 0; p < most; p++) {
      for (@Parallel int i = 0; i < size; i++) {
        if (p < pages.get(0)) {
          int from = pages.get(1 + 2 * p);
          int to = pages.get(2 + 2 * p);
          cache.set(to * size + i, cache.get(from * size + i));
        }
      }
    }
  }

  /**
   * The output, a work item for each query head of each row.
   *
   * @param q {@code [rows, heads, headDim]}
   * @param table pages of each sequence, {@code [sequences, pages]}
   * @param biases {@code [heads, 2]}: what is added to a score for each position that a key is
   *     nearer (ALiBi, arXiv 2108.12409), or 0; and the score of looking at nothing (a sink, arXiv
   *     2309.17453), or {@link #NO_SINK}
   * @param out {@code [rows, heads, valueDim]}
   * @param window how many keys a query sees, or 0 for all before it
   * @param softcap {@code cap · tanh(score / cap)}, or 0 for none
   */
  public static void attend(
      FloatArray q,
      FloatArray keys,
      FloatArray values,
      IntArray places,
      IntArray table,
      FloatArray biases,
      FloatArray out,
      int rows,
      int heads,
      int kvHeads,
      int headDim,
      int valueDim,
      float scale,
      int window,
      float softcap,
      int page,
      int pages) {
    for (@Parallel int r = 0; r < rows; r++) {
      for (@Parallel int h = 0; h < heads; h++) {
        int sequence = places.get(2 * r);
        int end = places.get(2 * r + 1) + 1;
        int first = 0;
        if (window > 0) {
          if (end > window) {
            first = end - window;
          }
        }
        int at = (r * heads + h) * headDim;
        int to = (r * heads + h) * valueDim;
        int head = h / (heads / kvHeads);
        float slope = biases.get(2 * h);
        float max = biases.get(2 * h + 1);
        float sum = 0;
        if (max > NO_SINK) {
          sum = 1;
        }
        for (int d = 0; d < valueDim; d++) {
          out.set(to + d, 0);
        }
        for (int j = first; j < end; j++) {
          int slot = table.get(sequence * pages + j / page) * page + j % page;
          int row = (slot * kvHeads + head) * headDim;
          float score = 0;
          for (int d = 0; d < headDim; d++) {
            score += q.get(at + d) * keys.get(row + d);
          }
          score = score * scale;
          if (softcap > 0) {
            score = softcap * TornadoMath.tanh(score / softcap);
          }
          score = score + slope * (j + 1 - end);
          float higher = TornadoMath.max(max, score);
          float shrink = TornadoMath.exp(max - higher);
          float weight = TornadoMath.exp(score - higher);
          max = higher;
          sum = sum * shrink + weight;
          int value = (slot * kvHeads + head) * valueDim;
          for (int d = 0; d < valueDim; d++) {
            out.set(to + d, out.get(to + d) * shrink + weight * values.get(value + d));
          }
        }
        for (int d = 0; d < valueDim; d++) {
          out.set(to + d, out.get(to + d) / sum);
        }
      }
    }
  }

  /**
   * {@link #attend} by a group of work items for each query head of each row: they take as many
   * keys at a time as they are, one each for the scores, then share the elements of the output.
   *
   * @param items work items of a group, a power of two, at most 256
   */
  public static void attendByGroups(
      KernelContext context,
      FloatArray q,
      FloatArray keys,
      FloatArray values,
      IntArray places,
      IntArray table,
      FloatArray biases,
      FloatArray out,
      int heads,
      int kvHeads,
      int headDim,
      int valueDim,
      float scale,
      int window,
      float softcap,
      int page,
      int pages,
      int items) {
    float[] weights = context.allocateFloatLocalArray(LARGEST_HEAD);
    float[] folded = context.allocateFloatLocalArray(LARGEST_HEAD);
    float[] total = context.allocateFloatLocalArray(LARGEST_HEAD);
    int local = context.localIdx;
    int r = context.groupIdx / heads;
    int h = context.groupIdx % heads;
    int sequence = places.get(2 * r);
    int end = places.get(2 * r + 1) + 1;
    int first = 0;
    if (window > 0) {
      if (end > window) {
        first = end - window;
      }
    }
    int at = (r * heads + h) * headDim;
    int to = (r * heads + h) * valueDim;
    int head = h / (heads / kvHeads);
    float slope = biases.get(2 * h);
    float max = biases.get(2 * h + 1);
    float sum = 0;
    if (max > NO_SINK) {
      sum = 1;
    }
    for (int d = local; d < valueDim; d += items) {
      total[d] = 0;
    }
    for (int from = first; from < end; from += items) {
      int j = from + local;
      float score = NO_SINK;
      if (j < end) {
        int slot = table.get(sequence * pages + j / page) * page + j % page;
        int row = (slot * kvHeads + head) * headDim;
        float dot = 0;
        for (int d = 0; d < headDim; d++) {
          dot += q.get(at + d) * keys.get(row + d);
        }
        score = dot * scale;
        if (softcap > 0) {
          score = softcap * TornadoMath.tanh(score / softcap);
        }
        score = score + slope * (j + 1 - end);
      }
      folded[local] = score;
      context.localBarrier();
      for (int half = items / 2; half > 0; half = half / 2) {
        if (local < half) {
          folded[local] = TornadoMath.max(folded[local], folded[local + half]);
        }
        context.localBarrier();
      }
      float higher = TornadoMath.max(max, folded[0]);
      context.localBarrier();
      float weight = 0;
      if (j < end) {
        weight = TornadoMath.exp(score - higher);
      }
      weights[local] = weight;
      folded[local] = weight;
      context.localBarrier();
      for (int half = items / 2; half > 0; half = half / 2) {
        if (local < half) {
          folded[local] = folded[local] + folded[local + half];
        }
        context.localBarrier();
      }
      float shrink = TornadoMath.exp(max - higher);
      sum = sum * shrink + folded[0];
      max = higher;
      int count = TornadoMath.min(items, end - from);
      for (int d = local; d < valueDim; d += items) {
        float t = total[d] * shrink;
        for (int i = 0; i < count; i++) {
          int p = from + i;
          int slot = table.get(sequence * pages + p / page) * page + p % page;
          t += weights[i] * values.get((slot * kvHeads + head) * valueDim + d);
        }
        total[d] = t;
      }
      context.localBarrier();
    }
    for (int d = local; d < valueDim; d += items) {
      out.set(to + d, total[d] / sum);
    }
  }
}

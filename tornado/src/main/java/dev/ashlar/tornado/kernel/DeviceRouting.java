package dev.ashlar.tornado.kernel;

import uk.ac.manchester.tornado.api.annotations.Parallel;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Which experts a row goes through and what each of them counts, as {@code ScoreRouter} and {@code
 * SparseMix} of the processor say. The choice stays where the products of {@link DeviceExperts}
 * find it: {@code choice[r, i]} is the i-th expert of row r, {@code weights[r, i]} its weight. A
 * work item takes a row; rows from {@code active} on keep what they had.
 */
public final class DeviceRouting {
  private DeviceRouting() {}

  /** Floats of {@code scratch} for each row of {@link #largest}. */
  public static int scratch(int experts, int groups) {
    return 2 * experts + groups;
  }

  /**
   * The largest scores win, the first of equal ones.
   *
   * @param logits {@code [rows, experts]}
   * @param correction {@code [experts]}, added to the scores for the choice only
   * @param scratch {@code [rows, }{@link #scratch}{@code ]}: scores, then what they rank by, then
   *     the scores of groups
   * @param choice {@code [rows, perToken]}
   * @param weights {@code [rows, perToken]}
   * @param sigmoid 1 for scores by a sigmoid, 0 by a softmax
   * @param normalize 1 to make the weights of a row sum to {@code scale}
   * @param groups groups of experts of which the best {@code topGroups} are chosen first; 1 for
   *     none
   * @param byTwo 1 where a group ranks by the sum of its two best
   */
  public static void largest(
      FloatArray logits,
      FloatArray correction,
      FloatArray scratch,
      IntArray active,
      IntArray choice,
      FloatArray weights,
      int rows,
      int experts,
      int perToken,
      int sigmoid,
      int normalize,
      float scale,
      int groups,
      int topGroups,
      int byTwo) {
    for (@Parallel int r = 0; r < rows; r++) {
      if (r < active.get(0)) {
        int scores = r * (2 * experts + groups);
        int ranks = scores + experts;
        int ofGroups = ranks + experts;
        score(logits, r * experts, scratch, scores, experts, sigmoid);
        for (int e = 0; e < experts; e++) {
          scratch.set(ranks + e, scratch.get(scores + e) + correction.get(e));
        }
        if (groups > 1) {
          keepBestGroups(scratch, ranks, ofGroups, experts / groups, groups, topGroups, byTwo);
        }
        float sum = 0;
        for (int i = 0; i < perToken; i++) {
          int best = best(scratch, ranks, experts);
          // Below whatever a rank may be, so that it is not chosen again.
          scratch.set(ranks + best, -3e38f);
          float s = scratch.get(scores + best);
          choice.set(r * perToken + i, best);
          weights.set(r * perToken + i, s);
          sum += s;
        }
        float factor = scale;
        if (normalize == 1) {
          factor = scale / sum;
        }
        for (int i = 0; i < perToken; i++) {
          weights.set(r * perToken + i, weights.get(r * perToken + i) * factor);
        }
      }
    }
  }

  private static void score(
      FloatArray logits, int from, FloatArray scores, int to, int experts, int sigmoid) {
    float max = logits.get(from);
    for (int e = 1; e < experts; e++) {
      max = TornadoMath.max(max, logits.get(from + e));
    }
    float sum = 0;
    for (int e = 0; e < experts; e++) {
      float x = logits.get(from + e);
      float s = TornadoMath.exp(x - max);
      if (sigmoid == 1) {
        s = 1f / (1f + TornadoMath.exp(-x));
      }
      scores.set(to + e, s);
      sum += s;
    }
    if (sigmoid == 0) {
      for (int e = 0; e < experts; e++) {
        scores.set(to + e, scores.get(to + e) / sum);
      }
    }
  }

  private static int best(FloatArray x, int from, int n) {
    int best = 0;
    float max = x.get(from);
    for (int i = 1; i < n; i++) {
      float v = x.get(from + i);
      if (v > max) {
        max = v;
        best = i;
      }
    }
    return best;
  }

  private static void keepBestGroups(
      FloatArray x, int ranks, int ofGroups, int size, int groups, int topGroups, int byTwo) {
    for (int g = 0; g < groups; g++) {
      float first = -1e30f;
      float second = -1e30f;
      for (int i = 0; i < size; i++) {
        float v = x.get(ranks + g * size + i);
        if (v > first) {
          second = first;
          first = v;
        } else {
          second = TornadoMath.max(second, v);
        }
      }
      float score = first;
      if (byTwo == 1) {
        if (size > 1) {
          score = first + second;
        }
      }
      x.set(ofGroups + g, score);
    }
    for (int i = 0; i < topGroups; i++) {
      // A mark below whatever a group's score may be.
      x.set(ofGroups + best(x, ofGroups, groups), -3e38f);
    }
    for (int g = 0; g < groups; g++) {
      if (x.get(ofGroups + g) > -2e38f) {
        for (int i = 0; i < size; i++) {
          x.set(ranks + g * size + i, -1e38f);
        }
      }
    }
  }

  /**
   * The two largest logits, each weighed by a softmax over those that come close to it
   * (SparseMixer, arXiv 2310.00811).
   *
   * @param logits {@code [rows, experts]}
   * @param choice {@code [rows, 2]}
   * @param weights {@code [rows, 2]}
   * @param tolerance relative distance within which a logit counts as close
   */
  public static void sparseMix(
      FloatArray logits,
      IntArray active,
      IntArray choice,
      FloatArray weights,
      int rows,
      int experts,
      float tolerance) {
    for (@Parallel int r = 0; r < rows; r++) {
      if (r < active.get(0)) {
        int first = pick(logits, r * experts, experts, -1);
        int second = pick(logits, r * experts, experts, first);
        choice.set(2 * r, first);
        choice.set(2 * r + 1, second);
        weights.set(2 * r, share(logits, r * experts, experts, -1, first, tolerance));
        weights.set(2 * r + 1, share(logits, r * experts, experts, first, second, tolerance));
      }
    }
  }

  private static int pick(FloatArray logits, int from, int experts, int taken) {
    int best = 0;
    float max = -3e38f;
    for (int e = 0; e < experts; e++) {
      float x = logits.get(from + e);
      if (e != taken) {
        if (x > max) {
          max = x;
          best = e;
        }
      }
    }
    return best;
  }

  private static float share(
      FloatArray logits, int from, int experts, int taken, int best, float tolerance) {
    float max = logits.get(from + best);
    float sum = 0;
    for (int e = 0; e < experts; e++) {
      float x = logits.get(from + e);
      float distance = (max - x) / TornadoMath.max(TornadoMath.abs(x), max);
      float near = TornadoMath.exp(x - max);
      if (distance > tolerance) {
        near = 0f;
      }
      if (e == taken) {
        near = 0f;
      }
      sum += near;
    }
    return 1f / sum;
  }
}

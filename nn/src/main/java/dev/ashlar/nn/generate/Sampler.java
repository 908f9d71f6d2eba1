package dev.ashlar.nn.generate;

import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Chooses the next token from logits. The same seed and logits give the same tokens on every
 * machine. Not thread-safe.
 */
public final class Sampler {
  private final double temperature;
  private final int topK;
  private final double topP;
  private final SplittableRandom random;
  private double[] probabilities = new double[0];
  private int[] candidates = new int[0];

  /**
   * Filters are applied in the peers' order: temperature, top-k, top-p.
   *
   * @param temperature divides the logits; 0: always the largest
   * @param topK only the k largest are candidates; 0: all
   * @param topP only the largest whose probabilities reach this sum are candidates; 1: all
   */
  public Sampler(double temperature, int topK, double topP, long seed) {
    if (!(temperature >= 0) || Double.isInfinite(temperature)) {
      throw new IllegalArgumentException("temperature must be 0 or more: " + temperature);
    }
    if (topK < 0) {
      throw new IllegalArgumentException("top-k must be 0 or more: " + topK);
    }
    if (!(topP > 0 && topP <= 1)) {
      throw new IllegalArgumentException("top-p must be above 0 and at most 1: " + topP);
    }
    this.temperature = temperature;
    this.topK = topK;
    this.topP = topP;
    this.random = new SplittableRandom(seed);
  }

  /** Always the largest logit, the lowest index among equals. */
  public static Sampler greedy() {
    return new Sampler(0, 0, 1, 0);
  }

  /** Draws among the most probable tokens that together reach probability {@code p}. */
  public static Sampler topP(double p, long seed) {
    return new Sampler(1, 0, p, seed);
  }

  /**
   * An index in {@code [0, vocab)}.
   *
   * @param logits read from {@code offset}; not changed
   * @throws NotFiniteException if the logits hold NaN or positive infinity
   */
  public int sample(float[] logits, int offset, int vocab) {
    int best = offset;
    for (int i = offset; i < offset + vocab; i++) {
      if (Float.isNaN(logits[i]) || logits[i] == Float.POSITIVE_INFINITY) {
        throw new NotFiniteException("the logits");
      }
      if (logits[i] > logits[best]) {
        best = i;
      }
    }
    if (temperature == 0 || topK == 1) {
      return best - offset;
    }
    return draw(logits, offset, vocab, logits[best]);
  }

  private int draw(float[] logits, int offset, int vocab, float max) {
    if (probabilities.length < vocab) {
      probabilities = new double[vocab];
      candidates = new int[vocab];
    }
    float threshold = topK == 0 || topK >= vocab ? 0 : kthLargest(logits, offset, vocab);
    boolean all = topK == 0 || topK >= vocab;
    double sum = 0;
    for (int i = 0; i < vocab; i++) {
      float logit = logits[offset + i];
      boolean out = !all && logit < threshold;
      probabilities[i] = out ? 0 : Math.exp((logit - max) / temperature);
      sum += probabilities[i];
    }
    int n = topP < 1 ? nucleus(vocab, sum) : everything(vocab);
    double kept = 0;
    for (int i = 0; i < n; i++) {
      kept += probabilities[candidates[i]];
    }
    double point = random.nextDouble() * kept;
    for (int i = 0; i < n - 1; i++) {
      point -= probabilities[candidates[i]];
      if (point < 0) {
        return candidates[i];
      }
    }
    return candidates[n - 1];
  }

  private float kthLargest(float[] logits, int offset, int vocab) {
    float[] heap = new float[topK];
    int n = 0;
    for (int i = offset; i < offset + vocab; i++) {
      if (n < topK) {
        heap[n++] = logits[i];
        if (n == topK) {
          Arrays.sort(heap); // ascending: a valid least-first heap
        }
      } else if (logits[i] > heap[0]) {
        heap[0] = logits[i];
        sink(heap);
      }
    }
    return heap[0];
  }

  private static void sink(float[] heap) {
    int i = 0;
    while (2 * i + 1 < heap.length) {
      int child = 2 * i + 1;
      if (child + 1 < heap.length && heap[child + 1] < heap[child]) {
        child++;
      }
      if (heap[i] <= heap[child]) {
        return;
      }
      float t = heap[i];
      heap[i] = heap[child];
      heap[child] = t;
      i = child;
    }
  }

  private int everything(int vocab) {
    int n = 0;
    for (int i = 0; i < vocab; i++) {
      if (probabilities[i] > 0) {
        candidates[n++] = i;
      }
    }
    return n;
  }

  /** Fills the candidates with the smallest set of probability {@link #topP}, largest first. */
  private int nucleus(int vocab, double sum) {
    // What is below this cannot be in the set: even all of them together do not reach 1 - p.
    double least = (1 - topP) * sum / vocab;
    int n = 0;
    for (int i = 0; i < vocab; i++) {
      if (probabilities[i] >= least && probabilities[i] > 0) {
        candidates[n++] = i;
      }
    }
    long[] order = new long[n];
    for (int i = 0; i < n; i++) {
      // Positive floats order like their bits; equal ones by token. Inverted: the largest first.
      long bits = Float.floatToIntBits((float) probabilities[candidates[i]]);
      order[i] = (Integer.MAX_VALUE - bits) << 32 | candidates[i];
    }
    Arrays.sort(order);
    double reached = 0;
    int kept = 0;
    while (kept < n && reached < topP * sum) {
      candidates[kept] = (int) order[kept];
      reached += probabilities[candidates[kept]];
      kept++;
    }
    return kept;
  }
}

package dev.ashlar.tensor.kernel.vector.attention;

import dev.ashlar.tensor.kernel.AttentionKernel.Spec;
import java.util.Arrays;

/**
 * The keys of units in parts that are attended to independently, and what that came to: of each
 * query row of a part the largest score, the sum of the exponentials below it, and the values mixed
 * by them. Where parts begin follows from the keys alone, so that sums are the same for any number
 * of threads. One call's at a time; its arrays grow and stay.
 */
final class KeyParts {
  /** Keys of a part: 256 KB of keys and values at a head of 64, worth handing to a thread. */
  static final int KEYS = 512;

  /** Floats of a row before its values: the largest score, the sum. */
  private static final int OWN = 2;

  /** Whether units of a sequence can be split. */
  interface Direct {
    boolean test(Spec spec, int sequence);
  }

  private Spec spec;

  /** First piece of each sequence's first unit, and behind all. */
  private int[] first = {};

  private float[] results = {};

  /** First float of each sequence's results. */
  private int[] places = {};

  /** Splits the keys of a call, of sequences whose units can be. */
  void plan(Spec s, Direct direct) {
    spec = s;
    int sequences = s.ranges().sequences();
    if (first.length <= sequences) {
      first = new int[sequences + 1];
      places = new int[sequences + 1];
    }
    for (int b = 0; b < sequences; b++) {
      int parts = direct.test(s, b) ? partsOf(b) : 1;
      first[b + 1] = Math.addExact(first[b], parts * s.kvHeads());
      int floats = parts == 1 ? 0 : parts * s.kvHeads() * rows(b) * width();
      places[b + 1] = Math.addExact(places[b], floats);
    }
    if (results.length < places[sequences]) {
      results = new float[places[sequences]];
    }
  }

  /** Parts with keys that some query of sequence {@code b} sees. */
  private int partsOf(int b) {
    int end = spec.ranges().keys(b) - spec.ranges().firstKey(b);
    return Math.max(1, Math.ceilDiv(end, KEYS) - firstPart(b));
  }

  /** Parts before it lie outside of the window of all queries. */
  private int firstPart(int b) {
    return Math.max(0, spec.firstVisible(b, 0) - spec.ranges().firstKey(b)) / KEYS;
  }

  private int rows(int b) {
    return spec.ranges().length(b) * (spec.heads() / spec.kvHeads());
  }

  /** Floats from one row of a piece to the next, in {@link #results}. */
  int width() {
    return OWN + spec.valueDim();
  }

  /** Pieces of work: parts, and whole units. */
  int count() {
    return first[spec.ranges().sequences()];
  }

  private int sequence(int piece) {
    int found = Arrays.binarySearch(first, 0, spec.ranges().sequences() + 1, piece);
    return found >= 0 ? found : -found - 2;
  }

  private int partsOfUnit(int b) {
    return (first[b + 1] - first[b]) / spec.kvHeads();
  }

  int unit(int piece) {
    int b = sequence(piece);
    return b * spec.kvHeads() + (piece - first[b]) / partsOfUnit(b);
  }

  /** Whether the piece is one of several parts of its unit. */
  boolean isShared(int piece) {
    return partsOfUnit(sequence(piece)) > 1;
  }

  /** First key of a part. */
  int from(int piece) {
    int b = sequence(piece);
    int part = firstPart(b) + (piece - first[b]) % partsOfUnit(b);
    return spec.ranges().firstKey(b) + part * KEYS;
  }

  /** Where the values of a piece's first row lie in {@link #results}. */
  int values(int piece) {
    int b = sequence(piece);
    return places[b] + (piece - first[b]) * rows(b) * width() + OWN;
  }

  float[] results() {
    return results;
  }

  /**
   * Keeps what a row came to.
   *
   * @param max its largest score, −∞ if it sees no key of the part
   */
  void keep(int values, float max, float sum) {
    results[values - OWN] = max;
    results[values - OWN + 1] = sum;
  }

  /** Puts the parts of each unit together, in their order. */
  void join(float[] out, float[] lse) {
    for (int b = 0; b < spec.ranges().sequences(); b++) {
      int parts = partsOfUnit(b);
      for (int h = 0; parts > 1 && h < spec.kvHeads(); h++) {
        AttentionUnit u = new AttentionUnit(spec, b, h);
        for (int r = 0; r < rows(b); r++) {
          int head = u.firstHead() + r / u.length();
          int i = r % u.length();
          int at = values(first[b] + h * parts) + r * width();
          float logSum = join(at, parts, rows(b) * width(), out, u.output(head, i));
          if (lse != null) {
            lse[u.lse(head, i)] = logSum;
          }
        }
      }
    }
  }

  /**
   * One row.
   *
   * @param at its values in the first part
   * @param stride from one part to the next
   */
  private float join(int at, int parts, int stride, float[] out, int o) {
    float max = Float.NEGATIVE_INFINITY;
    for (int p = 0; p < parts; p++) {
      max = Math.max(max, results[at + p * stride - OWN]);
    }
    double sum = 0;
    Arrays.fill(out, o, o + spec.valueDim(), 0f);
    for (int p = 0; p < parts; p++) {
      int values = at + p * stride;
      float own = results[values - OWN + 1];
      // A part of which the row sees nothing has no largest score to compare.
      if (own != 0) {
        float share = (float) StrictMath.exp((double) results[values - OWN] - max);
        sum += (double) share * own;
        for (int d = 0; d < spec.valueDim(); d++) {
          out[o + d] += share * results[values + d];
        }
      }
    }
    float factor = sum == 0 ? 0f : (float) (1 / sum);
    for (int d = 0; d < spec.valueDim(); d++) {
      out[o + d] *= factor;
    }
    return (float) (max + Math.log(sum));
  }
}

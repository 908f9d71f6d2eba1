package dev.ashlar.tuning.autoscheme;

import java.util.Arrays;
import java.util.List;

/**
 * Chooses one option for each of several items so that the sum of scores is least and the sum of
 * costs does not exceed a budget: dynamic programming over the items, which keeps of all partial
 * choices those that no other one beats in both cost and score (the Pareto front).
 *
 * <p>Exact as long as a front has no more than {@value #FRONT} states; larger ones are thinned to
 * the best state of each of as many equal intervals of cost. The budget is never exceeded.
 */
final class BitAllocation {
  /** States that a front may have before it is thinned. */
  static final int FRONT = 1 << 14;

  /**
   * Something that gets one option.
   *
   * @param costs by option, in bits; negative where the item cannot have it
   * @param scores by option; less is better
   */
  record Item(long[] costs, double[] scores) {
    /** The cheapest option's costs. */
    long least() {
      return Arrays.stream(costs).filter(c -> c >= 0).min().orElseThrow();
    }
  }

  /** Partial choices for the items so far, by rising cost and falling score. */
  private static final class Front {
    private long[] costs;
    private double[] scores;
    private int[] from;
    private int[] option;
    private int size;

    private Front(int capacity) {
      costs = new long[capacity];
      scores = new double[capacity];
      from = new int[capacity];
      option = new int[capacity];
    }

    private void add(long cost, double score, int parent, int chosen) {
      if (size > 0 && !(score < scores[size - 1])) {
        return;
      }
      if (size > 0 && costs[size - 1] == cost) {
        size--;
      }
      if (size == costs.length) {
        costs = Arrays.copyOf(costs, 2 * size);
        scores = Arrays.copyOf(scores, 2 * size);
        from = Arrays.copyOf(from, 2 * size);
        option = Arrays.copyOf(option, 2 * size);
      }
      costs[size] = cost;
      scores[size] = score;
      from[size] = parent;
      option[size] = chosen;
      size++;
    }

    /** Keeps the cheapest state and the best of each interval of cost. */
    private void thin() {
      if (size <= FRONT) {
        return;
      }
      long least = costs[0];
      double width = (double) (costs[size - 1] - least + 1) / (FRONT - 1);
      int kept = 1;
      for (int i = 1; i < size; i++) {
        boolean last =
            i == size - 1
                || (int) ((costs[i] - least) / width) != (int) ((costs[i + 1] - least) / width);
        if (last) {
          costs[kept] = costs[i];
          scores[kept] = scores[i];
          from[kept] = from[i];
          option[kept] = option[i];
          kept++;
        }
      }
      size = kept;
    }
  }

  private BitAllocation() {}

  /**
   * The option of each item.
   *
   * @throws IllegalArgumentException if even the cheapest options exceed the budget
   */
  static int[] choose(List<Item> items, long budget) {
    long[] rest = new long[items.size() + 1];
    for (int i = items.size() - 1; i >= 0; i--) {
      rest[i] = Math.addExact(rest[i + 1], items.get(i).least());
    }
    if (rest[0] > budget) {
      throw new IllegalArgumentException(
          "the cheapest choice takes " + rest[0] + " bits, more than the budget of " + budget);
    }
    Front[] fronts = new Front[items.size() + 1];
    fronts[0] = new Front(1);
    fronts[0].add(0, 0, -1, -1);
    for (int i = 0; i < items.size(); i++) {
      fronts[i + 1] = extended(fronts[i], items.get(i), budget - rest[i + 1]);
    }
    int[] chosen = new int[items.size()];
    int state = fronts[items.size()].size - 1;
    for (int i = items.size(); i > 0; i--) {
      chosen[i - 1] = fronts[i].option[state];
      state = fronts[i].from[state];
    }
    return chosen;
  }

  /** All options behind all states, merged by cost; each option's states are in order already. */
  private static Front extended(Front front, Item item, long most) {
    int options = item.costs().length;
    int[] at = new int[options];
    Front next = new Front(front.size + 16);
    while (true) {
      int best = -1;
      long bestCost = Long.MAX_VALUE;
      double bestScore = 0;
      for (int o = 0; o < options; o++) {
        if (item.costs()[o] < 0 || at[o] == front.size) {
          continue;
        }
        long cost = front.costs[at[o]] + item.costs()[o];
        double score = front.scores[at[o]] + item.scores()[o];
        if (cost < bestCost || (cost == bestCost && score < bestScore)) {
          best = o;
          bestCost = cost;
          bestScore = score;
        }
      }
      if (best < 0 || bestCost > most) {
        next.thin();
        return next;
      }
      next.add(bestCost, bestScore, at[best]++, best);
    }
  }
}

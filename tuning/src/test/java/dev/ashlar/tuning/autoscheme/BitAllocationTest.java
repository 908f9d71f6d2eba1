package dev.ashlar.tuning.autoscheme;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class BitAllocationTest {
  private static long cost(List<BitAllocation.Item> items, int[] chosen) {
    long sum = 0;
    for (int i = 0; i < chosen.length; i++) {
      long cost = items.get(i).costs()[chosen[i]];
      assertTrue(cost >= 0, "an option that the item cannot have");
      sum += cost;
    }
    return sum;
  }

  private static double score(List<BitAllocation.Item> items, int[] chosen) {
    double sum = 0;
    for (int i = 0; i < chosen.length; i++) {
      sum += items.get(i).scores()[chosen[i]];
    }
    return sum;
  }

  /** Every combination; NaN if none fits. */
  private static double best(List<BitAllocation.Item> items, int from, long budget) {
    if (from == items.size()) {
      return 0;
    }
    double best = Double.NaN;
    BitAllocation.Item item = items.get(from);
    for (int o = 0; o < item.costs().length; o++) {
      long cost = item.costs()[o];
      if (cost >= 0 && cost <= budget) {
        double sum = item.scores()[o] + best(items, from + 1, budget - cost);
        best = Double.isNaN(best) || sum < best ? (Double.isNaN(sum) ? best : sum) : best;
      }
    }
    return best;
  }

  private static List<BitAllocation.Item> items(Random random, int n, int options, int scale) {
    List<BitAllocation.Item> items = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      long[] costs = new long[options];
      double[] scores = new double[options];
      int size = 1 + random.nextInt(scale);
      for (int o = 0; o < options; o++) {
        boolean possible = o == 0 || random.nextInt(5) > 0;
        costs[o] = possible ? (o + 2L) * size : -1;
        scores[o] = random.nextDouble() * size / (o + 1);
      }
      items.add(new BitAllocation.Item(costs, scores));
    }
    return items;
  }

  @Test
  void isAsGoodAsTryingEverything() {
    for (int seed = 0; seed < 400; seed++) {
      Random random = new Random(seed);
      List<BitAllocation.Item> items =
          items(random, 1 + random.nextInt(8), 1 + random.nextInt(3), seed % 2 == 0 ? 6 : 100_000);
      long least = items.stream().mapToLong(i -> i.costs()[0]).sum();
      long budget = least + random.nextInt(1 + (int) Math.min(least, Integer.MAX_VALUE - 1));
      int[] chosen = BitAllocation.choose(items, budget);
      assertTrue(cost(items, chosen) <= budget, "seed " + seed);
      assertEquals(best(items, 0, budget), score(items, chosen), 1e-9, "seed " + seed);
    }
  }

  @Test
  void manyItemsKeepTheBudgetAndComeCloseToTheRelaxedBound() {
    for (int seed = 0; seed < 3; seed++) {
      Random random = new Random(seed);
      List<BitAllocation.Item> items = items(random, 300, 4, 10_000_000);
      long least = items.stream().mapToLong(i -> i.costs()[0]).sum();
      long budget = least + least / 3;
      int[] chosen = BitAllocation.choose(items, budget);
      assertTrue(cost(items, chosen) <= budget);
      double bound = lagrangian(items, budget);
      assertTrue(score(items, chosen) >= bound - 1e-6 * bound);
      assertTrue(score(items, chosen) <= 1.005 * bound, score(items, chosen) + " " + bound);
    }
  }

  /** No choice within the budget has a lower score than this. */
  private static double lagrangian(List<BitAllocation.Item> items, long budget) {
    double best = Double.NEGATIVE_INFINITY;
    for (double price = 1e-4; price < 10; price *= 1.02) {
      double sum = -price * budget;
      for (BitAllocation.Item item : items) {
        double least = Double.POSITIVE_INFINITY;
        for (int o = 0; o < item.costs().length; o++) {
          if (item.costs()[o] >= 0) {
            least = Math.min(least, item.scores()[o] + price * item.costs()[o]);
          }
        }
        sum += least;
      }
      best = Math.max(best, sum);
    }
    return best;
  }

  @Test
  void whatCannotBePaidIsRefused() {
    BitAllocation.Item item = new BitAllocation.Item(new long[] {10, 20}, new double[] {1, 0});
    assertThrows(
        IllegalArgumentException.class, () -> BitAllocation.choose(List.of(item, item), 19));
    assertEquals(1, BitAllocation.choose(List.of(item), 25)[0]);
    assertEquals(0, BitAllocation.choose(List.of(item), 19)[0]);
  }
}

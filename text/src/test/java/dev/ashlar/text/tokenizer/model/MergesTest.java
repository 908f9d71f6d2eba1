package dev.ashlar.text.tokenizer.model;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class MergesTest {
  private static final long SEED = 7;

  private record Rule(int left, int right, int rank, int result) {}

  /** The definition: look at everything, again and again. */
  private static List<Integer> naive(List<Rule> rules, List<Integer> symbols) {
    List<Integer> s = new ArrayList<>(symbols);
    while (true) {
      Rule best = null;
      int at = -1;
      for (int i = 0; i + 1 < s.size(); i++) {
        for (Rule r : rules) {
          if (r.left == s.get(i)
              && r.right == s.get(i + 1)
              && (best == null || r.rank < best.rank)) {
            best = r;
            at = i;
          }
        }
      }
      if (best == null) {
        return s;
      }
      s.set(at, best.result);
      s.remove(at + 1);
    }
  }

  @Test
  void shortAndLongWordsFollowTheDefinition() {
    Random random = new Random(SEED);
    for (int n = 0; n < 300; n++) {
      List<Rule> rules = rules(random);
      Merges merges = new Merges(rules.size());
      rules.forEach(r -> merges.add(r.left, r.right, r.rank, r.result));
      List<Integer> symbols = new ArrayList<>();
      for (int k = 1 + random.nextInt(n % 2 == 0 ? 40 : 150); k > 0; k--) {
        symbols.add(random.nextInt(3));
      }
      Work work = new Work();
      work.reserve(symbols.size());
      for (int i = 0; i < symbols.size(); i++) {
        work.symbols[i] = symbols.get(i);
      }
      int left = merges.apply(work, symbols.size());
      List<Integer> found = Arrays.stream(work.symbols, 0, left).boxed().toList();
      assertEquals(naive(rules, symbols), found, "seed " + SEED + ", round " + n);
    }
  }

  /** Rules over three letters and their results, some of equal rank. */
  private static List<Rule> rules(Random random) {
    List<Rule> rules = new ArrayList<>();
    int rank = 0;
    for (int result = 3; result < 12; result++) {
      int left = random.nextInt(result);
      int right = random.nextInt(result);
      if (rules.stream().noneMatch(r -> r.left == left && r.right == right)) {
        rank += random.nextInt(2);
        rules.add(new Rule(left, right, rank, result));
      }
    }
    return rules;
  }
}

package dev.ashlar.text.tokenizer.model;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.IntPredicate;

/**
 * Sentencepiece's byte pair encoding, whose rules are its scores: any two neighbours may merge
 * whose text is a token, the highest score first, the leftmost of equals. That is byte pair
 * encoding with a rule for every way to cut a token in two tokens, ranked by the token's score.
 */
public final class ScoredBpe {
  private ScoredBpe() {}

  private record Rule(int left, int right, int result, double score) {}

  /**
   * The model.
   *
   * @param scores by id
   * @param mergeable whether an id's token may come of a merge or take part in one
   * @param unknown the id for unknown characters
   * @param byteFallback whether these become bytes where there are tokens for them
   */
  public static TokenModel of(
      TokenIds tokens, double[] scores, IntPredicate mergeable, int unknown, boolean byteFallback) {
    List<Rule> rules = new ArrayList<>();
    for (int id = 0; id < tokens.size(); id++) {
      if (mergeable.test(id)) {
        addRules(tokens, id, scores[id], mergeable, rules);
      }
    }
    rules.sort(Comparator.comparingDouble(Rule::score).reversed());
    Merges merges = new Merges(rules.size());
    int rank = 0;
    double last = Double.NaN;
    for (Rule rule : rules) {
      rank += rule.score == last ? 0 : 1;
      last = rule.score;
      merges.add(rule.left, rule.right, rank, rule.result);
    }
    return new BpeModel(tokens, merges, unknown, true, byteFallback, "", "", false);
  }

  private static void addRules(
      TokenIds tokens, int id, double score, IntPredicate mergeable, List<Rule> rules) {
    String token = tokens.token(id);
    for (int cut = 1; cut < token.length(); cut++) {
      if (Character.isLowSurrogate(token.charAt(cut))) {
        continue;
      }
      int left = tokens.id(token.substring(0, cut));
      int right = tokens.id(token.substring(cut));
      if (left >= 0 && right >= 0 && mergeable.test(left) && mergeable.test(right)) {
        rules.add(new Rule(left, right, id, score));
      }
    }
  }
}

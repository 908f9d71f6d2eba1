package dev.ashlar.nn.layer;

import dev.ashlar.nn.op.Route;
import dev.ashlar.nn.op.Routing;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import java.util.function.BiFunction;

/**
 * The largest scores win.
 *
 * @param gate from the hidden state to one logit per expert
 * @param correction added to the scores for the choice only, {@code [experts]}, or null
 * @param groups groups of experts from which {@code topGroups} are chosen first; 1: no groups
 * @param groupByTwo whether a group's score is the sum of its two best instead of its best
 */
public record ScoreRouter(
    Linear gate,
    Route.Score score,
    int perToken,
    boolean normalize,
    float scale,
    Tensor correction,
    String correctionName,
    int groups,
    int topGroups,
    boolean groupByTwo)
    implements Router {

  @Override
  public Routing route(Tensor x, Tape tape) {
    return new Route(gate.forward(x, tape), score, this::choose, normalize, scale);
  }

  private void choose(double[] scores, boolean[] chosen) {
    double[] ranking = scores.clone();
    for (int e = 0; correction != null && e < ranking.length; e++) {
      ranking[e] = scores[e] + correction.data()[e];
    }
    if (groups > 1) {
      keepBestGroups(ranking);
    }
    for (int i = 0; i < perToken; i++) {
      int best = -1;
      for (int e = 0; e < ranking.length; e++) {
        if (!chosen[e] && (best < 0 || ranking[e] > ranking[best])) {
          best = e;
        }
      }
      chosen[best] = true;
    }
  }

  private void keepBestGroups(double[] ranking) {
    int size = ranking.length / groups;
    double[] groupScore = new double[groups];
    for (int g = 0; g < groups; g++) {
      double first = Double.NEGATIVE_INFINITY;
      double second = Double.NEGATIVE_INFINITY;
      for (int e = g * size; e < (g + 1) * size; e++) {
        if (ranking[e] > first) {
          second = first;
          first = ranking[e];
        } else {
          second = Math.max(second, ranking[e]);
        }
      }
      groupScore[g] = groupByTwo && size > 1 ? first + second : first;
    }
    boolean[] kept = new boolean[groups];
    for (int i = 0; i < topGroups; i++) {
      int best = -1;
      for (int g = 0; g < groups; g++) {
        if (!kept[g] && (best < 0 || groupScore[g] > groupScore[best])) {
          best = g;
        }
      }
      kept[best] = true;
    }
    for (int e = 0; e < ranking.length; e++) {
      if (!kept[e / size]) {
        ranking[e] = Double.NEGATIVE_INFINITY;
      }
    }
  }

  @Override
  public Router mapTensors(BiFunction<String, Tensor, Tensor> f) {
    return new ScoreRouter(
        gate.mapTensorsAndWeight(f),
        score,
        perToken,
        normalize,
        scale,
        correction == null ? null : f.apply(correctionName, correction),
        correctionName,
        groups,
        topGroups,
        groupByTwo);
  }
}

package dev.ashlar.tuning.quality;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.nn.decoder.BlockContext;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.kv.KvPrecision;
import dev.ashlar.tuning.TinyModel;
import dev.ashlar.tuning.quality.ContinuationScorer.Likelihood;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Scores from shared caches are those of whole sequences. */
class ContinuationScorerTest {
  private static final Decoder MODEL = TinyModel.load();
  private static final int[] IDS = TinyModel.data(2, 64).ids(0, 2);

  private static ContinuationScorer scorer(int longest) {
    return new ContinuationScorer(MODEL.runner(KvPrecision.F32), longest);
  }

  /** By the definition: the logits of context and continuation at once. */
  private static Likelihood naive(int[] context, int[] continuation) {
    int[] all = Arrays.copyOf(context, context.length + continuation.length);
    System.arraycopy(continuation, 0, all, context.length, continuation.length);
    int n = all.length - 1;
    Tensor logits = MODEL.forward(Arrays.copyOf(all, n), BlockContext.of(1, n), Tape.off());
    int vocab = logits.dim(-1);
    double sum = 0;
    boolean greedy = true;
    for (int t = context.length - 1; t < n; t++) {
      double z = 0;
      int best = 0;
      for (int v = 0; v < vocab; v++) {
        z += Math.exp(logits.data()[t * vocab + v]);
        best = logits.data()[t * vocab + v] > logits.data()[t * vocab + best] ? v : best;
      }
      sum += logits.data()[t * vocab + all[t + 1]] - Math.log(z);
      greedy &= best == all[t + 1];
    }
    return new Likelihood(sum, greedy);
  }

  private static int[] greedy(int[] context, int tokens) {
    int[] all = context.clone();
    for (int i = 0; i < tokens; i++) {
      Tensor logits = MODEL.forward(all, BlockContext.of(1, all.length), Tape.off());
      int vocab = logits.dim(-1);
      int from = (all.length - 1) * vocab;
      int best = 0;
      for (int v = 0; v < vocab; v++) {
        best = logits.data()[from + v] > logits.data()[from + best] ? v : best;
      }
      all = Arrays.copyOf(all, all.length + 1);
      all[all.length - 1] = best;
    }
    return Arrays.copyOfRange(all, context.length, all.length);
  }

  private static void same(Likelihood expected, Likelihood found) {
    assertEquals(expected.logLikelihood(), found.logLikelihood(), 1e-4);
    assertEquals(expected.greedy(), found.greedy());
  }

  @Test
  void continuationsOfAnyLengthShareAContext() {
    for (int length : new int[] {1, 2, 17, 70}) {
      int[] context = Arrays.copyOf(IDS, length);
      List<int[]> ends = new ArrayList<>();
      ends.add(new int[] {IDS[80]});
      ends.add(Arrays.copyOfRange(IDS, 80, 95));
      ends.add(greedy(context, 3));
      List<Likelihood> found = scorer(1000).score(context, ends);
      for (int i = 0; i < ends.size(); i++) {
        same(naive(context, ends.get(i)), found.get(i));
      }
      assertTrue(found.get(2).greedy());
    }
  }

  @Test
  void whatIsTooLongLosesItsFront() {
    int[] context = Arrays.copyOf(IDS, 20);
    int[] end = Arrays.copyOfRange(IDS, 30, 35);
    // Of 25 tokens the last is not read, and a model of 10 takes the 10 before it.
    Likelihood expected = naive(Arrays.copyOfRange(context, 14, 20), end);
    same(expected, scorer(10).score(context, List.of(end)).getFirst());
    same(naive(context, end), scorer(24).score(context, List.of(end)).getFirst());
    // A continuation that is longer than the model by itself keeps its end.
    Likelihood last = scorer(3).score(context, List.of(end)).getFirst();
    same(naive(new int[] {end[1]}, Arrays.copyOfRange(end, 2, 5)), last);
  }

  @Test
  void nothingCannotBeScored() {
    assertThrows(
        IllegalArgumentException.class, () -> scorer(9).score(new int[0], List.of(new int[] {1})));
    assertThrows(
        IllegalArgumentException.class, () -> scorer(9).score(new int[] {1}, List.of(new int[0])));
  }
}

package dev.ashlar.tuning.quality;

import dev.ashlar.nn.generate.NotFiniteException;
import dev.ashlar.nn.runner.Runner;
import dev.ashlar.nn.runner.SequenceCache;
import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * How likely a model finds given continuations of a context, and whether it would have chosen them
 * itself. The context is read once for all its continuations, which then go on from copies of its
 * cache.
 *
 * <p>Where context and continuation are longer than the model takes, tokens are left out at the
 * front, as the Language Model Evaluation Harness does.
 */
public final class ContinuationScorer {
  /** Context tokens that are read at once: enough for full speed, little memory. */
  private static final int PIECE = 512;

  /** Rows whose logits are there at once. */
  private static final int ROWS = 128;

  /**
   * What a continuation came to.
   *
   * @param logLikelihood sum over its tokens, in nats
   * @param greedy whether each of its tokens is the likeliest
   */
  public record Likelihood(double logLikelihood, boolean greedy) {}

  private final Runner runner;
  private final int longest;

  /**
   * @param longest tokens that the model takes
   */
  public ContinuationScorer(Runner runner, int longest) {
    this.runner = runner;
    this.longest = longest;
  }

  /**
   * Scores continuations of one context.
   *
   * @param context at least one token
   * @param continuations each at least one token
   * @return a score for each, in order
   */
  public List<Likelihood> score(int[] context, List<int[]> continuations) {
    int most = continuations.stream().mapToInt(c -> c.length).max().orElse(0);
    if (context.length == 0 || continuations.stream().anyMatch(c -> c.length == 0)) {
      throw new IllegalArgumentException("context and continuations need at least one token");
    }
    if ((long) context.length + most - 1 > longest) {
      return continuations.stream().map(c -> truncated(context, c)).toList();
    }
    return fitting(context, continuations);
  }

  /** The last token of the continuation is predicted, not read. */
  private Likelihood truncated(int[] context, int[] continuation) {
    int[] all = Arrays.copyOf(context, context.length + continuation.length);
    System.arraycopy(continuation, 0, all, context.length, continuation.length);
    int from = Math.max(0, all.length - (longest + 1));
    int kept = Math.min(continuation.length, all.length - from - 1);
    int[] front = Arrays.copyOfRange(all, from, all.length - kept);
    int[] end = Arrays.copyOfRange(all, all.length - kept, all.length);
    return fitting(front, List.of(end)).getFirst();
  }

  private List<Likelihood> fitting(int[] context, List<int[]> continuations) {
    int last = context[context.length - 1];
    int horizon = context.length + continuations.stream().mapToInt(c -> c.length).max().orElse(1);
    try (SequenceCache shared = runner.newCache()) {
      for (int at = 0; at < context.length - 1; at += PIECE) {
        int end = Math.min(context.length - 1, at + PIECE);
        int[] piece = Arrays.copyOfRange(context, at, end);
        runner.hidden(List.of(new Runner.Part(shared, piece, horizon - 1)), () -> false);
      }
      List<Runner.Part> parts = new ArrayList<>();
      try {
        for (int[] continuation : continuations) {
          int[] ids = new int[continuation.length];
          ids[0] = last;
          System.arraycopy(continuation, 0, ids, 1, ids.length - 1);
          parts.add(new Runner.Part(shared.fork(), ids, horizon - 1));
        }
        Tensor hidden = runner.hidden(parts, () -> false);
        return likelihoods(hidden.copy(), continuations);
      } finally {
        parts.forEach(p -> p.cache().close());
      }
    }
  }

  private List<Likelihood> likelihoods(Tensor hidden, List<int[]> continuations) {
    int[] targets = continuations.stream().flatMapToInt(Arrays::stream).toArray();
    double[] logs = new double[targets.length];
    boolean[] top = new boolean[targets.length];
    int dim = hidden.dim(-1);
    for (int at = 0; at < targets.length; at += ROWS) {
      int n = Math.min(ROWS, targets.length - at);
      int first = at;
      Tensor part = Tensor.of(Arrays.copyOfRange(hidden.data(), at * dim, (at + n) * dim), n, dim);
      Tensor logits = runner.head(part);
      int vocab = logits.dim(-1);
      Parallel.rows(
          n,
          1,
          (from, to) -> {
            for (int r = from; r < to; r++) {
              row(logits.data(), r * vocab, vocab, first + r, targets, logs, top);
            }
          });
    }
    List<Likelihood> all = new ArrayList<>();
    int at = 0;
    for (int[] continuation : continuations) {
      double sum = 0;
      boolean greedy = true;
      for (int i = 0; i < continuation.length; i++) {
        sum += logs[at + i];
        greedy &= top[at + i];
      }
      if (Double.isNaN(sum)) {
        throw new NotFiniteException("the logits");
      }
      all.add(new Likelihood(sum, greedy));
      at += continuation.length;
    }
    return all;
  }

  private static void row(
      float[] logits, int at, int vocab, int i, int[] targets, double[] logs, boolean[] top) {
    int best = LogitRows.top(logits, at, vocab);
    double sum = 0;
    for (int v = 0; v < vocab; v++) {
      sum += Math.exp((double) logits[at + v] - logits[at + best]);
    }
    logs[i] = (double) logits[at + targets[i]] - logits[at + best] - Math.log(sum);
    top[i] = best == targets[i];
  }
}

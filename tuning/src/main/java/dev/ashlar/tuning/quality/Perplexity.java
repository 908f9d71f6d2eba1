package dev.ashlar.tuning.quality;

import dev.ashlar.nn.decoder.BlockContext;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.nn.runner.Runner;
import dev.ashlar.nn.runner.SequenceCache;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tuning.method.Unit;
import java.time.Duration;
import java.util.List;

/**
 * Perplexity: consecutive windows that do not overlap, each fed alone, mean negative log-likelihood
 * of the tokens 2 to {@code length} of each window, exponentiated.
 *
 * @param value e to the power of {@code meanLoss}
 * @param meanLoss nats per token
 * @param standardError of {@code value}, from how the windows' mean losses differ (the delta
 *     method: {@code value} times their sample deviation over the root of their number); NaN for
 *     one window
 * @param windows how many
 * @param tokens predicted ones: {@code windows · (length − 1)}
 * @param time spent
 */
public record Perplexity(
    double value, double meanLoss, double standardError, int windows, long tokens, Duration time) {
  /**
   * Measures a model that is in memory, window after window; see {@link BlockwiseEvaluation} for
   * others.
   *
   * @param ids the text, tokenized once without special tokens
   * @param length tokens of each window
   * @param limit windows at most; 0 or less for all
   * @throws IllegalArgumentException if the text is shorter than one window, or a token is not in
   *     the vocabulary
   */
  public static Perplexity of(
      Decoder model, int[] ids, int length, int limit, WindowListener listener) {
    long start = System.nanoTime();
    Windows windows = Windows.of(ids, length, limit);
    Tape tape = Tape.off(model.backend());
    BlockContext context = BlockContext.of(1, length);
    WindowLoss loss = new WindowLoss(Unit.head(model));
    for (int i = 0; i < windows.count(); i++) {
      int[] window = windows.window(i);
      loss.add(model.hidden(window, context, tape), Windows.targets(window), tape);
      tape.reset();
      listener.window(i + 1, windows.count(), Math.exp(loss.mean()));
    }
    return result(loss, windows, start);
  }

  /**
   * The same of a model that is somewhere else, as on a device.
   *
   * @param kernels that measure the losses of its logits
   */
  public static Perplexity of(
      Runner model, Backend kernels, int[] ids, int length, int limit, WindowListener listener) {
    long start = System.nanoTime();
    Windows windows = Windows.of(ids, length, limit);
    Tape tape = Tape.off(kernels);
    WindowLoss loss = new WindowLoss(model);
    for (int i = 0; i < windows.count(); i++) {
      int[] window = windows.window(i);
      try (SequenceCache cache = model.newCache()) {
        Tensor hidden =
            model.hidden(List.of(new Runner.Part(cache, window, length)), () -> false).copy();
        loss.add(hidden, Windows.targets(window), tape);
      }
      tape.reset();
      listener.window(i + 1, windows.count(), Math.exp(loss.mean()));
    }
    return result(loss, windows, start);
  }

  /** What windows come to. */
  static Perplexity result(WindowLoss loss, Windows windows, long start) {
    return new Perplexity(
        Math.exp(loss.mean()),
        loss.mean(),
        Math.exp(loss.mean()) * loss.standardError(),
        windows.count(),
        loss.tokens(),
        Duration.ofNanos(System.nanoTime() - start));
  }
}

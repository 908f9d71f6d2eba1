package dev.ashlar.tuning.quality;

import dev.ashlar.nn.decoder.BlockContext;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tuning.method.Activations;
import dev.ashlar.tuning.method.Unit;
import dev.ashlar.tuning.walk.ActivationStore;
import dev.ashlar.tuning.walk.BlockWalk;
import java.time.Duration;
import java.util.List;
import java.util.function.DoubleConsumer;
import java.util.function.UnaryOperator;

/**
 * Perplexity: consecutive windows that do not overlap, each fed alone, mean negative log-likelihood
 * of the tokens 2 to {@code length} of each window, exponentiated.
 *
 * @param value e to the power of {@code meanLoss}
 * @param meanLoss nats per token
 * @param windows how many
 * @param tokens predicted ones: {@code windows · (length − 1)}
 * @param time spent
 */
public record Perplexity(double value, double meanLoss, int windows, long tokens, Duration time) {
  /** Bytes of hidden states that wait for the next block at a time. */
  private static final long WAITING = 128L << 20;

  /**
   * Measures a model that is in memory, window after window.
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
   * The same, to the last bit, of a model of which one block is in memory at a time: each is loaded
   * afresh, all windows go through it, and it is forgotten.
   *
   * @param change from each block, and from the head, to what is measured in its place
   * @param progress hears how many windows are done, in parts
   */
  public static Perplexity blockByBlock(
      Decoder model,
      UnaryOperator<Unit> change,
      int[] ids,
      int length,
      int limit,
      DoubleConsumer progress) {
    long start = System.nanoTime();
    Windows windows = Windows.of(ids, length, limit);
    long each = (long) length * model.spec().dim() * Float.BYTES;
    int atOnce = Math.clamp(WAITING / each, 1, windows.count());
    WindowLoss loss = new WindowLoss(change.apply(Unit.head(model)));
    for (int first = 0; first < windows.count(); first += atOnce) {
      int n = Math.min(atOnce, windows.count() - first);
      walk(model, change, windows, first, n, loss, progress);
    }
    return result(loss, windows, start);
  }

  private static void walk(
      Decoder model,
      UnaryOperator<Unit> change,
      Windows windows,
      int first,
      int count,
      WindowLoss loss,
      DoubleConsumer progress) {
    // A window at a time, as when the model is in memory, so that the same kernels run.
    BlockWalk walk = new BlockWalk(1, BlockWalk.Check.NONE);
    BlockWalk.Rows rows = (from, n) -> windows.window(first + from);
    try (Activations x = walk.embed(model, count, windows.length(), rows, ActivationStore.heap())) {
      int steps = model.blockCount() + 1;
      for (int b = 0; b < model.blockCount(); b++) {
        Unit block = change.apply(Unit.of(List.of(model.loadBlock(b))));
        walk.passAnything(block, x, x);
        progress.accept(first + (double) count * (b + 1) / steps);
      }
      Tape tape = Tape.off(model.backend());
      Tensor hidden = Tensor.zeros(1, windows.length(), x.dim());
      for (int i = 0; i < count; i++) {
        x.read(i, 1, hidden);
        loss.add(hidden, Windows.targets(windows.window(first + i)), tape);
        tape.reset();
      }
      progress.accept(first + count);
    }
  }

  private static Perplexity result(WindowLoss loss, Windows windows, long start) {
    return new Perplexity(
        Math.exp(loss.mean()),
        loss.mean(),
        windows.count(),
        loss.tokens(),
        Duration.ofNanos(System.nanoTime() - start));
  }
}

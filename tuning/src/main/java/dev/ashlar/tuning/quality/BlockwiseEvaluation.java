package dev.ashlar.tuning.quality;

import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tuning.method.Activations;
import dev.ashlar.tuning.method.Unit;
import dev.ashlar.tuning.walk.ActivationStore;
import dev.ashlar.tuning.walk.BlockWalk;
import java.util.List;
import java.util.Optional;
import java.util.function.DoubleConsumer;
import java.util.function.UnaryOperator;

/**
 * Measures models of which one block is in memory at a time: each is loaded afresh, all windows go
 * through it, and it is forgotten. Perplexity is the same to the last bit as {@link Perplexity#of}
 * finds it.
 *
 * <p>A reference leaves its last hidden states here, so that models that are measured after it are
 * compared with it for the price of its output map. Not thread-safe.
 */
public final class BlockwiseEvaluation implements AutoCloseable {
  /** Bytes of hidden states that wait for the next block at a time. */
  private static final long WAITING = 128L << 20;

  private final Windows windows;
  private final ActivationStore store;
  private Decoder reference;
  private Activations states;

  /**
   * What was measured of a model.
   *
   * @param comparison with the reference, if there is one
   */
  public record Quality(Perplexity perplexity, Optional<LogitComparison> comparison) {}

  /**
   * @param ids the text, tokenized once without special tokens
   * @param length tokens of each window
   * @param limit windows at most; 0 or less for all
   * @param store where a reference's hidden states lie
   * @throws IllegalArgumentException if the text is shorter than one window
   */
  public BlockwiseEvaluation(int[] ids, int length, int limit, ActivationStore store) {
    this.windows = Windows.of(ids, length, limit);
    this.store = store;
  }

  /** How many windows are measured. */
  public int windows() {
    return windows.count();
  }

  /**
   * Measures a model that the next ones are compared with.
   *
   * @param model to stay usable as long as this
   * @param progress hears how many windows are done, in parts
   */
  public Perplexity reference(Decoder model, DoubleConsumer progress) {
    close();
    Activations kept = store.zeros(windows.count(), windows.length(), model.spec().dim());
    boolean complete = false;
    try {
      Perplexity perplexity =
          measure(model, unit -> unit, (i, hidden) -> kept.write(i, 1, hidden), progress)
              .perplexity();
      complete = true;
      reference = model;
      states = kept;
      return perplexity;
    } finally {
      if (!complete) {
        kept.close();
      }
    }
  }

  /**
   * Measures a model.
   *
   * @param change from each block, and from the head, to what is measured in its place
   * @param progress hears how many windows are done, in parts
   * @throws IllegalArgumentException if the reference has another vocabulary
   */
  public Quality of(Decoder model, UnaryOperator<Unit> change, DoubleConsumer progress) {
    if (reference != null) {
      LogitComparison.requireSameVocabulary(reference.spec(), model.spec());
    }
    return measure(model, change, (i, hidden) -> {}, progress);
  }

  /** Sees what comes out of the last block. */
  @FunctionalInterface
  private interface HiddenListener {
    void hidden(int window, Tensor hidden);
  }

  private Quality measure(
      Decoder model, UnaryOperator<Unit> change, HiddenListener listener, DoubleConsumer progress) {
    long start = System.nanoTime();
    long each = (long) windows.length() * model.spec().dim() * Float.BYTES;
    int atOnce = Math.clamp(WAITING / each, 1, windows.count());
    WindowLoss loss = new WindowLoss(change.apply(Unit.head(model)));
    Optional<Compared> compared =
        reference == null ? Optional.empty() : Optional.of(new Compared());
    for (int first = 0; first < windows.count(); first += atOnce) {
      int n = Math.min(atOnce, windows.count() - first);
      walk(model, change, first, n, loss, compared, listener, progress);
    }
    return new Quality(Perplexity.result(loss, windows, start), compared.map(c -> c.rows.result()));
  }

  private void walk(
      Decoder model,
      UnaryOperator<Unit> change,
      int first,
      int count,
      WindowLoss loss,
      Optional<Compared> compared,
      HiddenListener listener,
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
        int[] targets = Windows.targets(windows.window(first + i));
        if (compared.isPresent()) {
          compared.get().begin(first + i);
          loss.add(hidden, targets, tape, compared.get()::rows);
          compared.get().rows.endWindow();
        } else {
          loss.add(hidden, targets, tape);
        }
        listener.hidden(first + i, hidden);
        tape.reset();
      }
      progress.accept(first + count);
    }
  }

  /** Holds a model's logits against those of the reference, some rows at a time. */
  private final class Compared {
    private final LogitRows rows = new LogitRows();
    private final WindowLoss head = new WindowLoss(Unit.head(reference));
    private final Tape tape = Tape.off(reference.backend());
    private final Tensor hidden = Tensor.zeros(1, windows.length(), states.dim());

    void begin(int window) {
      states.read(window, 1, hidden);
    }

    void rows(Tensor logits, int at, int n) {
      rows.add(head.logits(hidden, at, n, tape), logits);
      tape.reset();
    }
  }

  /** Lets go of the reference but not of what it left; {@link #resume} brings it back. */
  public void rest() {
    reference = null;
  }

  /**
   * Brings back the reference.
   *
   * @param same as before; only its output map is asked for
   */
  public void resume(Decoder same) {
    if (states == null) {
      throw new IllegalStateException("no reference was measured");
    }
    reference = same;
  }

  /** Forgets the reference. */
  @Override
  public void close() {
    if (states != null) {
      states.close();
    }
    states = null;
    reference = null;
  }
}

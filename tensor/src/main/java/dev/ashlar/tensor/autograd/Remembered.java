package dev.ashlar.tensor.autograd;

import dev.ashlar.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * The results of {@linkplain CostlyOp costly operations} of one way forward, so that a second one
 * over the same inputs computes only what is cheap. It holds a fraction of what a tape holds, and
 * gives the same bits.
 *
 * <p>Its tensors are valid until {@link #forget}. Not thread-safe.
 */
public final class Remembered {
  private final Workspace own;
  private final List<List<Tensor>> results = new ArrayList<>();

  /** The next result to give, or negative while results come in. */
  private int next = -1;

  /**
   * Nothing yet.
   *
   * @param own where its buffers belong: a workspace beside that of the tapes
   */
  public Remembered(Workspace own) {
    this.own = own;
  }

  /** Bytes of what is remembered. */
  public long bytes() {
    return own.bytes();
  }

  /** From now on results are given, from the first. */
  public void rewind() {
    next = 0;
  }

  /** Gives all buffers back. */
  public void forget() {
    results.clear();
    next = -1;
    own.release(0, null);
  }

  Tensor forward(Op op, Tape tape) {
    if (!(op instanceof CostlyOp costly)) {
      return op.forward(tape);
    }
    if (next >= 0) {
      return costly.restored(results.get(next++));
    }
    Tensor out = op.forward(tape);
    List<Tensor> made = costly.results(out);
    made.forEach(t -> tape.workspace().handOver(t, own));
    results.add(made);
    return out;
  }
}

package dev.ashlar.tensor.autograd;

import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.kernel.Backend;
import java.util.IdentityHashMap;
import java.util.Map;

/** The gradients of one backward pass, by tensor. */
public final class Gradients {
  /** Writes one contribution to a gradient. */
  @FunctionalInterface
  public interface Contribution {
    /**
     * @param dx the gradient's buffer, shaped like the tensor
     * @param accumulate whether to add to what is there; otherwise its content is undefined and
     *     every element must be written
     */
    void into(Tensor dx, boolean accumulate);
  }

  private static final class Slot {
    private final Tensor tensor;
    private boolean written;

    Slot(Tensor tensor, boolean written) {
      this.tensor = tensor;
      this.written = written;
    }
  }

  private final Tape tape;
  private final Map<Tensor, Slot> slots = new IdentityHashMap<>();

  Gradients(Tape tape) {
    this.tape = tape;
  }

  /** The kernels to compute with. */
  public Backend backend() {
    return tape.backend();
  }

  /** Scratch buffers, valid until the tape is reset. */
  public Workspace workspace() {
    return tape.workspace();
  }

  /** Whether anybody needs the gradient of {@code x}. */
  public boolean wants(Tensor x) {
    return tape.tracks(x);
  }

  /** Adds a contribution to the gradient of {@code x}; skipped unless it is wanted. */
  public void add(Tensor x, Contribution contribution) {
    if (!wants(x)) {
      return;
    }
    Slot slot = slots.get(x);
    if (slot == null) {
      slot = new Slot(workspace().take(x.shape()), false);
      slots.put(x, slot);
    }
    contribution.into(slot.tensor, slot.written);
    slot.written = true;
  }

  /** Gives the buffer of a gradient back that has been passed on. */
  void done(Tensor x) {
    Slot slot = slots.remove(x);
    if (slot != null) {
      workspace().giveBack(slot.tensor);
    }
  }

  void provide(Tensor x, Tensor buffer, boolean accumulate) {
    slots.put(x, new Slot(buffer, accumulate));
  }

  /**
   * The gradient of {@code x}, which must be watched, valid until the tape is reset, or null if
   * nothing contributed to it.
   */
  public Tensor of(Tensor x) {
    Slot slot = slots.get(x);
    return slot == null || !slot.written ? null : slot.tensor;
  }
}

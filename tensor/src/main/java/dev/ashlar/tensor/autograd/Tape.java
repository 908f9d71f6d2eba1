package dev.ashlar.tensor.autograd;

import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.kernel.Backends;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Runs operations and, if it records, remembers those through which a watched tensor flows, so that
 * {@link #backward} can walk them in reverse.
 *
 * <p>All tensors an operation yields belong to the tape's workspace and are valid until {@link
 * #reset()} (or {@link #release}); copy what must live longer. Not thread-safe.
 */
public final class Tape {
  private record Node(Op op, Tensor out) {}

  private final Backend backend;
  private final boolean recording;
  private final Workspace workspace;
  private final List<Node> nodes = new ArrayList<>();
  private final Set<Tensor> tracked = Collections.newSetFromMap(new IdentityHashMap<>());
  private final Set<Tensor> watched = Collections.newSetFromMap(new IdentityHashMap<>());
  private final Map<Tensor, Tensor> provided = new IdentityHashMap<>();
  private final Set<Tensor> accumulating = Collections.newSetFromMap(new IdentityHashMap<>());

  /** Where results of costly operations go, or come from; null for neither. */
  private Remembered remembered;

  private Tape(Backend backend, boolean recording, Workspace workspace) {
    this.backend = backend;
    this.recording = recording;
    this.workspace = workspace;
  }

  /** A tape that records, on the backend of this process. */
  public static Tape recording() {
    return recording(Backends.chosen());
  }

  /** A tape that records, on the given backend. */
  public static Tape recording(Backend backend) {
    return recording(backend, new Workspace());
  }

  /** A tape that records, with buffers of a workspace that is nobody else's. */
  public static Tape recording(Backend backend, Workspace workspace) {
    return new Tape(backend, true, workspace);
  }

  /** A tape for inference: runs operations and forgets them. */
  public static Tape off() {
    return off(Backends.chosen());
  }

  /** A tape for inference on the given backend. */
  public static Tape off(Backend backend) {
    return off(backend, new Workspace());
  }

  /** A tape for inference, with buffers of a workspace that is nobody else's. */
  public static Tape off(Backend backend, Workspace workspace) {
    return new Tape(backend, false, workspace);
  }

  public Backend backend() {
    return backend;
  }

  public Workspace workspace() {
    return workspace;
  }

  public boolean isRecording() {
    return recording;
  }

  /** Asks for the gradient of {@code leaf}. */
  public void watch(Tensor leaf) {
    if (!recording) {
      throw new IllegalStateException("this tape does not record");
    }
    tracked.add(leaf);
    watched.add(leaf);
  }

  /**
   * Asks for the gradient of {@code leaf} in a buffer of the caller's, which outlives {@link
   * #reset()}.
   *
   * @param gradient shaped like {@code leaf}
   * @param accumulate whether to add to its present content or to overwrite it
   */
  public void watch(Tensor leaf, Tensor gradient, boolean accumulate) {
    if (gradient.size() != leaf.size()) {
      throw new IllegalArgumentException(
          "gradient " + gradient.shape() + " for tensor " + leaf.shape());
    }
    watch(leaf);
    provided.put(leaf, gradient);
    if (accumulate) {
      accumulating.add(leaf);
    }
  }

  /** Whether gradients flow to {@code x}. */
  public boolean tracks(Tensor x) {
    return tracked.contains(x);
  }

  /** Whether any of the operation's inputs is tracked, so that its backward will be asked for. */
  public boolean needsBackward(Op op) {
    if (!recording) {
      return false;
    }
    for (Tensor t : op.inputs()) {
      if (tracked.contains(t)) {
        return true;
      }
    }
    return false;
  }

  /** Runs {@code op} and records it if gradients flow through it. */
  public Tensor apply(Op op) {
    Tensor out = remembered == null ? op.forward(this) : remembered.forward(op, this);
    if (needsBackward(op)) {
      nodes.add(new Node(op, out));
      tracked.add(out);
    }
    return out;
  }

  /** Until {@link #reset()}, results of costly operations go to or come from {@code results}. */
  public void remember(Remembered results) {
    remembered = results;
  }

  /**
   * Gradients of everything watched, given the gradient {@code dOut} of {@code out}.
   *
   * @param dOut shaped like {@code out}
   */
  public Gradients backward(Tensor out, Tensor dOut) {
    Gradients g = new Gradients(this);
    provided.forEach((leaf, buffer) -> g.provide(leaf, buffer, accumulating.contains(leaf)));
    g.add(
        out,
        (d, accumulate) ->
            backend.elementwise().copy(dOut.size(), dOut.data(), 0, d.data(), 0, accumulate));
    for (int i = nodes.size() - 1; i >= 0; i--) {
      Node node = nodes.get(i);
      Tensor d = g.of(node.out());
      if (d != null) {
        node.op().backward(node.out(), d, g);
        if (!watched.contains(node.out())) {
          g.done(node.out());
        }
      }
    }
    return g;
  }

  /** Gradients of a scalar: {@link #backward(Tensor, Tensor)} with the seed {@code scale}. */
  public Gradients backward(Tensor scalar, float scale) {
    if (scalar.size() != 1) {
      throw new IllegalArgumentException("a scalar is needed, found shape " + scalar.shape());
    }
    Tensor seed = workspace.take(scalar.shape());
    seed.data()[0] = scale;
    return backward(scalar, seed);
  }

  /** Forgets all operations and watches, and takes all buffers back. */
  public void reset() {
    nodes.clear();
    tracked.clear();
    watched.clear();
    provided.clear();
    accumulating.clear();
    remembered = null;
    workspace.release(0, null);
  }

  /** A point for {@link #release}. */
  public int mark() {
    return workspace.mark();
  }

  /** Takes back all buffers since {@code mark} except that of {@code keep}. Inference only. */
  public void release(int mark, Tensor keep) {
    if (recording) {
      throw new IllegalStateException("a recording tape needs its buffers until reset()");
    }
    workspace.release(mark, keep);
  }
}

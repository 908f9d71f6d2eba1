package dev.ashlar.tensor.autograd;

import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.Tensor;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Buffers that are used again: what was taken since a mark is given back at once, and the next
 * iteration, which asks for the same sizes in the same order, finds them all there.
 *
 * <p>Not thread-safe; one workspace belongs to one tape.
 */
public final class Workspace {
  private final Map<Integer, ArrayDeque<float[]>> free = new HashMap<>();
  private final List<Tensor> taken = new ArrayList<>();

  /** An empty workspace. */
  public Workspace() {}

  /** A tensor with undefined content, valid until it is released. */
  public Tensor take(long... dims) {
    return take(Shape.of(dims));
  }

  /** A tensor with undefined content, valid until it is released. */
  public Tensor take(Shape shape) {
    int size = Math.toIntExact(shape.size());
    ArrayDeque<float[]> stack = free.get(size);
    float[] data = stack == null || stack.isEmpty() ? new float[size] : stack.pop();
    Tensor t = Tensor.of(data, shape);
    taken.add(t);
    return t;
  }

  /** A tensor of zeros, valid until it is released. */
  public Tensor takeZeros(Shape shape) {
    Tensor t = take(shape);
    Arrays.fill(t.data(), 0, t.size(), 0f);
    return t;
  }

  /** A point to which {@link #release} can go back. */
  public int mark() {
    return taken.size();
  }

  /** Gives back everything taken since {@code mark}, except {@code keep} (null: nothing kept). */
  public void release(int mark, Tensor keep) {
    float[] kept = keep == null ? null : keep.data();
    Tensor survivor = null;
    for (int i = taken.size() - 1; i >= mark; i--) {
      Tensor t = taken.remove(i);
      if (t.data() == kept) {
        survivor = t;
      } else {
        free.computeIfAbsent(t.data().length, n -> new ArrayDeque<>()).push(t.data());
      }
    }
    if (survivor != null) {
      taken.add(survivor);
    }
  }
}

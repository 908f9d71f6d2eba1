package dev.ashlar.tensor.autograd;

import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Buffers that are used again: what was taken since a mark is given back at once, and the next
 * iteration, which asks for the same sizes in the same order, finds them all there.
 *
 * <p>Not thread-safe; one workspace belongs to one tape.
 */
public final class Workspace {
  /** Free buffers of one length. */
  private static final class Shelf {
    private final int length;
    private float[][] buffers = new float[4][];
    private int count;

    Shelf(int length) {
      this.length = length;
    }

    void push(float[] buffer) {
      if (count == buffers.length) {
        buffers = Arrays.copyOf(buffers, 2 * count);
      }
      buffers[count++] = buffer;
    }

    float[] popOrNew() {
      if (count == 0) {
        return new float[length];
      }
      float[] buffer = buffers[--count];
      buffers[count] = null;
      return buffer;
    }
  }

  /** Searched one by one: a model has a few dozen lengths, and this boxes none. */
  private final List<Shelf> shelves = new ArrayList<>();

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
    Tensor t = Tensor.of(shelf(size).popOrNew(), shape);
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
        shelf(t.data().length).push(t.data());
      }
    }
    if (survivor != null) {
      taken.add(survivor);
    }
  }

  private Shelf shelf(int length) {
    for (int i = 0; i < shelves.size(); i++) {
      if (shelves.get(i).length == length) {
        return shelves.get(i);
      }
    }
    Shelf shelf = new Shelf(length);
    shelves.add(shelf);
    return shelf;
  }
}

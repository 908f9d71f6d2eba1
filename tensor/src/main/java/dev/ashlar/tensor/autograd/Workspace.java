package dev.ashlar.tensor.autograd;

import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * Buffers that are used again: what was taken since a mark is given back at once, and the next
 * iteration, which asks for the same sizes in the same order, finds them all there. Sizes that
 * nobody asks for any more do not pile up: long buffers are up to half longer than what they are
 * taken for, if such lie free, so that batches of similar length share them, and all together have
 * at most a quarter more bytes than were ever taken at once.
 *
 * <p>Not thread-safe; one workspace belongs to one tape. Workspaces {@linkplain #beside() beside}
 * each other give back to, and take from, the same free buffers.
 */
public final class Workspace {
  /** Lengths from which on they are rounded up. */
  private static final int LONG = 1 << 12;

  /** The longest array. */
  private static final int LARGEST = Integer.MAX_VALUE - 8;

  /** Free buffers of one length. */
  private static final class Shelf {
    private final int length;
    private float[][] buffers = new float[4][];
    private int count;

    /** When a buffer was last asked for here. */
    private long asked;

    Shelf(int length) {
      this.length = length;
    }

    void push(float[] buffer) {
      if (count == buffers.length) {
        buffers = Arrays.copyOf(buffers, 2 * count);
      }
      buffers[count++] = buffer;
    }

    float[] pop() {
      float[] buffer = buffers[--count];
      buffers[count] = null;
      return buffer;
    }
  }

  /** What workspaces beside each other share; counts floats. */
  private static final class Shelves {
    /** Searched one by one: a model has a few dozen lengths, and this boxes none. */
    private final List<Shelf> all = new ArrayList<>();

    private long clock;
    private long free;
    private long taken;
    private long most;

    float[] take(int length) {
      Shelf shelf = shelf(length);
      shelf.asked = ++clock;
      taken += length;
      most = Math.max(most, taken);
      Shelf from = shelf.count > 0 ? shelf : longer(length);
      if (from == null) {
        clear();
        return new float[length];
      }
      taken += from.length - length;
      most = Math.max(most, taken);
      free -= from.length;
      return from.pop();
    }

    /** The shelf of the shortest buffer that is a little too long, or null. */
    private Shelf longer(int length) {
      Shelf best = null;
      for (Shelf s : all) {
        if (length >= LONG
            && s.count > 0
            && s.length > length
            && s.length <= length + length / 2
            && (best == null || s.length < best.length)) {
          best = s;
        }
      }
      return best;
    }

    void giveBack(float[] buffer) {
      shelf(buffer.length).push(buffer);
      taken -= buffer.length;
      free += buffer.length;
    }

    /** Lets go of what was not asked for the longest, as long as there is too much. */
    private void clear() {
      long allowed = most + most / 4;
      if (free == 0 || taken + free <= allowed) {
        return;
      }
      all.sort(Comparator.comparingLong((Shelf s) -> s.asked).reversed());
      while (free > 0 && taken + free > allowed) {
        Shelf oldest = all.getLast();
        while (oldest.count > 0 && taken + free > allowed) {
          oldest.pop();
          free -= oldest.length;
        }
        if (oldest.count == 0) {
          all.removeLast();
        }
      }
    }

    private Shelf shelf(int length) {
      for (int i = 0; i < all.size(); i++) {
        if (all.get(i).length == length) {
          return all.get(i);
        }
      }
      Shelf shelf = new Shelf(length);
      all.add(shelf);
      return shelf;
    }
  }

  private final Shelves shelves;
  private final List<Tensor> taken = new ArrayList<>();

  /** An empty workspace. */
  public Workspace() {
    this(new Shelves());
  }

  private Workspace(Shelves shelves) {
    this.shelves = shelves;
  }

  /** An empty workspace with the same free buffers, for what lives longer or shorter. */
  public Workspace beside() {
    return new Workspace(shelves);
  }

  /** Bytes of what is taken and not given back. */
  public long bytes() {
    long sum = 0;
    for (Tensor t : taken) {
      sum += (long) Float.BYTES * t.data().length;
    }
    return sum;
  }

  /** Bytes that lie free, here and beside. */
  long freeBytes() {
    return Float.BYTES * shelves.free;
  }

  /** A tensor with undefined content, valid until it is released. */
  public Tensor take(long... dims) {
    return take(Shape.of(dims));
  }

  /** A tensor with undefined content, valid until it is released. */
  public Tensor take(Shape shape) {
    Tensor t = Tensor.of(shelves.take(rounded(shape.size())), shape);
    taken.add(t);
    return t;
  }

  /** Gives {@code t} back before its time; without effect if it is not of this workspace. */
  void giveBack(Tensor t) {
    int i = place(t);
    if (i >= 0) {
      taken.remove(i);
      shelves.giveBack(t.data());
    }
  }

  private int place(Tensor t) {
    int i = taken.size() - 1;
    while (i >= 0 && taken.get(i).data() != t.data()) {
      i--;
    }
    return i;
  }

  /**
   * Lets another workspace give {@code t} back; without effect if it is not of this one.
   *
   * @param to {@linkplain #beside() beside} this one
   */
  void handOver(Tensor t, Workspace to) {
    int i = place(t);
    if (i >= 0) {
      to.taken.add(taken.remove(i));
    }
  }

  private static int rounded(long size) {
    if (size < LONG) {
      return (int) size;
    }
    long step = Long.highestOneBit(size) >> 4;
    long up = Math.ceilDiv(size, step) * step;
    return Math.toIntExact(up <= LARGEST ? up : size);
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
        shelves.giveBack(t.data());
      }
    }
    if (survivor != null) {
      taken.add(survivor);
    }
  }
}

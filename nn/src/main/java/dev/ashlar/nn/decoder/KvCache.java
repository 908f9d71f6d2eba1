package dev.ashlar.nn.decoder;

import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.kernel.AttentionKernel.Strides;

/**
 * Keys and values of all blocks for a batch of sequences, as {@code [batch, kvHeads, capacity,
 * dim]} arrays that attention reads in place. Capacity doubles when it is exhausted. Not
 * thread-safe.
 */
public final class KvCache {
  private static final int LEAST_CAPACITY = 64;

  private static final class Entry {
    private final int heads;
    private final Plane keys;
    private final Plane values;

    Entry(int heads, int keyDim, int valueDim) {
      this.heads = heads;
      this.keys = new Plane(keyDim);
      this.values = new Plane(valueDim);
    }
  }

  private static final class Plane {
    private final int dim;
    private int capacity;
    private Tensor tensor;

    Plane(int dim) {
      this.dim = dim;
    }
  }

  private final int batch;
  private final Entry[] entries;
  private int length;

  /** An empty cache for {@code batch} sequences and a decoder of {@code blocks} blocks. */
  public KvCache(int batch, int blocks) {
    this.batch = batch;
    this.entries = new Entry[blocks];
  }

  public int batch() {
    return batch;
  }

  /** Tokens of each sequence that all blocks have seen. */
  public int length() {
    return length;
  }

  /** Counts {@code tokens} more; called when all blocks have added theirs. */
  void advance(int tokens) {
    length += tokens;
  }

  /** Forgets everything from token {@code length} on. */
  public void truncate(int length) {
    if (length < 0 || length > this.length) {
      throw new IllegalArgumentException(
          "cannot truncate a cache of " + this.length + " tokens to " + length);
    }
    this.length = length;
  }

  /** Bytes that the arrays occupy. */
  public long byteSize() {
    long bytes = 0;
    for (Entry e : entries) {
      if (e != null && e.keys.tensor != null) {
        bytes += 4L * (e.keys.tensor.data().length + e.values.tensor.data().length);
      }
    }
    return bytes;
  }

  /**
   * Adds {@code tokens} keys and values of one block behind those that {@link #length} counts.
   *
   * @param k {@code [batch, tokens, heads, keyDim]}
   * @param v {@code [batch, tokens, heads, valueDim]}
   */
  void store(int block, int heads, int tokens, Tensor k, Tensor v) {
    Entry e = entries[block];
    if (e == null) {
      int rows = batch * tokens * heads;
      e = new Entry(heads, k.size() / rows, v.size() / rows);
      entries[block] = e;
    }
    store(e.keys, heads, tokens, k);
    store(e.values, heads, tokens, v);
  }

  /** All keys of a block, laid out as {@link #keyStrides} says. */
  Tensor keys(int block) {
    return entries[block].keys.tensor;
  }

  /** All values of a block, laid out as {@link #valueStrides} says. */
  Tensor values(int block) {
    return entries[block].values.tensor;
  }

  Strides keyStrides(int block) {
    return strides(entries[block], entries[block].keys);
  }

  Strides valueStrides(int block) {
    return strides(entries[block], entries[block].values);
  }

  private static Strides strides(Entry e, Plane p) {
    return new Strides(e.heads * p.capacity * p.dim, p.capacity * p.dim, p.dim);
  }

  private void store(Plane p, int heads, int tokens, Tensor x) {
    if (length + tokens > p.capacity) {
      grow(p, heads, length + tokens);
    }
    float[] to = p.tensor.data();
    float[] from = x.data();
    for (int b = 0; b < batch; b++) {
      for (int t = 0; t < tokens; t++) {
        for (int h = 0; h < heads; h++) {
          System.arraycopy(
              from,
              ((b * tokens + t) * heads + h) * p.dim,
              to,
              ((b * heads + h) * p.capacity + length + t) * p.dim,
              p.dim);
        }
      }
    }
  }

  private void grow(Plane p, int heads, int needed) {
    int capacity = (int) Math.min(Integer.MAX_VALUE, Math.max(LEAST_CAPACITY, 2L * p.capacity));
    capacity = Math.max(capacity, needed);
    long size = (long) batch * heads * p.dim * capacity;
    if (size > Integer.MAX_VALUE - 8) {
      throw new IllegalStateException(
          "a key/value cache of " + needed + " tokens is too large for one array per block");
    }
    Tensor larger = Tensor.zeros(batch, heads, capacity, p.dim);
    for (int i = 0; p.tensor != null && i < batch * heads; i++) {
      System.arraycopy(
          p.tensor.data(),
          i * p.capacity * p.dim,
          larger.data(),
          i * capacity * p.dim,
          length * p.dim);
    }
    p.tensor = larger;
    p.capacity = capacity;
  }
}

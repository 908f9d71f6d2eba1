package dev.ashlar.nn.decoder;

import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.kernel.AttentionKernel.Strides;
import dev.ashlar.tensor.kernel.Backend;

/**
 * Keys and values of all blocks for a batch of sequences, {@code [batch, kvHeads, capacity, dim]}.
 * As floats, attention reads them in place; stored narrower they take half or a quarter of the
 * memory, are rounded, and are widened block by block at each step. Capacity doubles when it is
 * exhausted. Not thread-safe.
 */
public final class KvCache {
  /** How keys and values are stored. */
  public enum Precision {
    /** As they are computed. */
    F32,
    /** Half precision: a relative error of at most 2^-11. */
    F16,
    /** A byte each and a scale per head and token: an error of at most 1/254 of its largest. */
    INT8
  }

  private record Entry(int heads, KvPlane keys, KvPlane values) {}

  private final int batch;
  private final Precision precision;
  private final Entry[] entries;
  private final KvPlane.Wide wideKeys = new KvPlane.Wide();
  private final KvPlane.Wide wideValues = new KvPlane.Wide();
  private int length;

  /** An empty cache for {@code batch} sequences and a decoder of {@code blocks} blocks. */
  public KvCache(int batch, int blocks) {
    this(batch, blocks, Precision.F32);
  }

  /** The same at another precision. */
  public KvCache(int batch, int blocks, Precision precision) {
    this.batch = batch;
    this.precision = precision;
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

  /** Bytes that keys and values occupy. */
  public long byteSize() {
    long bytes = 0;
    for (Entry e : entries) {
      if (e != null) {
        bytes += e.keys.byteSize() + e.values.byteSize();
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
  void store(int block, int heads, int tokens, Tensor k, Tensor v, Backend backend) {
    Entry e = entries[block];
    if (e == null) {
      int rows = batch * tokens * heads;
      int lanes = batch * heads;
      KvPlane keys = KvPlane.of(precision, lanes, k.size() / rows, wideKeys);
      e = new Entry(heads, keys, KvPlane.of(precision, lanes, v.size() / rows, wideValues));
      entries[block] = e;
    }
    store(e.keys, heads, tokens, k, backend);
    store(e.values, heads, tokens, v, backend);
  }

  private void store(KvPlane p, int heads, int tokens, Tensor x, Backend backend) {
    p.ensure(length + tokens, length);
    for (int b = 0; b < batch; b++) {
      for (int t = 0; t < tokens; t++) {
        for (int h = 0; h < heads; h++) {
          int at = ((b * tokens + t) * heads + h) * p.dim();
          p.put(b * heads + h, length + t, x.data(), at, backend);
        }
      }
    }
  }

  /**
   * All keys of a block, laid out as {@link #keyStrides} says; valid until those of another are
   * asked for.
   *
   * @param tokens how many were just stored
   */
  Tensor keys(int block, int tokens, Backend backend) {
    return entries[block].keys.floats(length + tokens, backend);
  }

  /** All values of a block, laid out as {@link #valueStrides} says; see {@link #keys}. */
  Tensor values(int block, int tokens, Backend backend) {
    return entries[block].values.floats(length + tokens, backend);
  }

  Strides keyStrides(int block) {
    return strides(entries[block].heads, entries[block].keys);
  }

  Strides valueStrides(int block) {
    return strides(entries[block].heads, entries[block].values);
  }

  private static Strides strides(int heads, KvPlane p) {
    int head = p.capacity() * p.dim();
    return new Strides(heads * head, head, p.dim());
  }
}

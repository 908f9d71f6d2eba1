package dev.ashlar.nn.decoder;

import dev.ashlar.nn.runner.SequenceCache;
import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.kv.KvPages;
import java.util.Arrays;

/**
 * Keys and values of one sequence in all blocks: a table of pages of a {@link KvPool}. Grows by a
 * page at a time and moves nothing. Not thread-safe.
 */
final class KvCache implements SequenceCache {
  /** Rows below which another thread does not pay. */
  private static final int GRAIN = 64;

  private final KvPool pool;
  private int[] pages;
  private int count;
  private int length;
  private boolean closed;

  /** An empty cache. */
  KvCache(KvPool pool) {
    this(pool, new int[4]);
  }

  private KvCache(KvPool pool, int[] pages) {
    this.pool = pool;
    this.pages = pages;
  }

  KvPool pool() {
    return pool;
  }

  @Override
  public int length() {
    return length;
  }

  @Override
  public void truncate(int length) {
    check();
    if (length < 0 || length > this.length) {
      throw new IllegalArgumentException(
          "cannot truncate a cache of " + this.length + " tokens to " + length);
    }
    this.length = length;
    release(Math.ceilDiv(length, pool.tokens()));
  }

  private void release(int kept) {
    while (count > kept) {
      pool.release(pages[--count]);
    }
  }

  @Override
  public KvCache fork() {
    check();
    KvCache fork = new KvCache(pool, pages.clone());
    fork.count = Math.ceilDiv(length, pool.tokens());
    fork.length = length;
    for (int i = 0; i < fork.count; i++) {
      pool.share(pages[i]);
    }
    return fork;
  }

  @Override
  public long byteSize() {
    return count * pool.pageBytes();
  }

  @Override
  public void close() {
    if (!closed) {
      release(0);
      length = 0;
      closed = true;
    }
  }

  private void check() {
    if (closed) {
      throw new IllegalStateException("this cache is closed");
    }
  }

  /**
   * Makes room for {@code tokens} more, in pages of its own.
   *
   * @return the pages of all positions in order, valid until the next call
   * @throws IllegalArgumentException if there are more tokens than an index can count
   */
  int[] reserve(int tokens) {
    check();
    if (tokens > Integer.MAX_VALUE - length) {
      throw new IllegalArgumentException(length + " tokens and " + tokens + " are too many");
    }
    int size = pool.tokens();
    if (length % size > 0) {
      pages[length / size] = pool.own(pages[length / size]);
    }
    int needed = Math.ceilDiv(length + tokens, size);
    if (needed > pages.length) {
      pages = Arrays.copyOf(pages, Math.max(needed, 2 * pages.length));
    }
    while (count < needed) {
      pages[count++] = pool.take();
    }
    return pages;
  }

  /** Counts {@code tokens} more; called when all blocks have stored theirs. */
  void advance(int tokens) {
    length += tokens;
  }

  /**
   * Keeps the keys or the values of one block behind those that {@link #length} counts, in room
   * that was reserved.
   *
   * @param first row of the first of {@code tokens} new tokens
   * @param x {@code [rows, heads, dim]}
   */
  void store(KvPages to, int first, int tokens, Tensor x) {
    int[] table = pages;
    Parallel.rows(
        tokens,
        GRAIN,
        (from, end) -> {
          for (int t = from; t < end; t++) {
            int position = length + t;
            int page = table[position / to.tokens()];
            for (int h = 0; h < to.heads(); h++) {
              int at = ((first + t) * to.heads() + h) * to.dim();
              to.write(page, h, position % to.tokens(), x.data(), at);
            }
          }
        });
  }
}

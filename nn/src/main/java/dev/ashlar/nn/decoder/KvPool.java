package dev.ashlar.nn.decoder;

import dev.ashlar.tensor.kv.KvPages;
import dev.ashlar.tensor.kv.KvPrecision;
import java.util.Arrays;
import java.util.List;

/**
 * The pages in which the caches of one runner keep keys and values. A page belongs to one or
 * several caches and has the same index in all blocks; those that nobody has any more are used
 * again. Not thread-safe.
 */
final class KvPool {
  private static final int LEAST = 16;

  private final int tokens;
  private final int first;
  private final KvPages[] keys;
  private final KvPages[] values;

  /** Caches that have each page. */
  private int[] owners = new int[LEAST];

  /** Pages that exist. */
  private int count;

  private int[] free = new int[LEAST];
  private int freeCount;

  /** An empty pool for all of {@code blocks}. */
  KvPool(List<BlockSpec> blocks, KvPrecision precision, int tokens) {
    this(blocks, 0, precision, tokens);
  }

  /**
   * An empty pool.
   *
   * @param blocks all of the decoder
   * @param first the first of those that have pages here
   * @param tokens positions of a page
   */
  KvPool(List<BlockSpec> blocks, int first, KvPrecision precision, int tokens) {
    this.tokens = tokens;
    this.first = first;
    this.keys = new KvPages[blocks.size() - first];
    this.values = new KvPages[blocks.size()];
    for (int i = 0; i < keys.length; i++) {
      AttentionSpec a = blocks.get(first + i).attention();
      keys[i] = KvPages.of(precision, a.kvHeads(), tokens, a.headDim());
      values[i] = KvPages.of(precision, a.kvHeads(), tokens, a.valueDim());
    }
  }

  int tokens() {
    return tokens;
  }

  KvPages keys(int block) {
    return keys[block - first];
  }

  KvPages values(int block) {
    return values[block - first];
  }

  /** Bytes of a page of all blocks. */
  long pageBytes() {
    long bytes = 0;
    for (int i = 0; i < keys.length; i++) {
      bytes += keys[i].pageBytes() + values[i].pageBytes();
    }
    return bytes;
  }

  /** A page of undefined content for one cache. */
  int take() {
    if (freeCount > 0) {
      int page = free[--freeCount];
      owners[page] = 1;
      return page;
    }
    int page = count;
    for (int i = 0; i < keys.length; i++) {
      keys[i].allocate(page);
      values[i].allocate(page);
    }
    if (page == owners.length) {
      owners = Arrays.copyOf(owners, 2 * page);
    }
    owners[page] = 1;
    count++;
    return page;
  }

  /** Counts another cache that has {@code page}. */
  void share(int page) {
    owners[page]++;
  }

  /** Counts one cache less. */
  void release(int page) {
    if (--owners[page] > 0) {
      return;
    }
    if (freeCount == free.length) {
      free = Arrays.copyOf(free, 2 * freeCount);
    }
    free[freeCount++] = page;
  }

  /** {@code page}, or, if other caches have it too, a copy of it instead, to be written to. */
  int own(int page) {
    if (owners[page] == 1) {
      return page;
    }
    int copy = take();
    for (int i = 0; i < keys.length; i++) {
      keys[i].copy(page, copy);
      values[i].copy(page, copy);
    }
    release(page);
    return copy;
  }
}

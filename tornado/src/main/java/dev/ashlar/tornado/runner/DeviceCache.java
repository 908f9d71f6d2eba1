package dev.ashlar.tornado.runner;

import dev.ashlar.nn.runner.SequenceCache;
import java.util.Arrays;

/** The pages of one sequence on the device, and what the blocks on the processor keep of it. */
final class DeviceCache implements SequenceCache {
  private final DeviceRunner runner;
  private final DevicePages pages;
  private final SequenceCache rest;
  private int[] table;
  private int count;
  private int length;
  private boolean closed;

  /**
   * An empty cache.
   *
   * @param rest the processor's, which is owned by this
   */
  DeviceCache(DeviceRunner runner, DevicePages pages, SequenceCache rest) {
    this(runner, pages, rest, new int[4]);
  }

  private DeviceCache(DeviceRunner runner, DevicePages pages, SequenceCache rest, int[] table) {
    this.runner = runner;
    this.pages = pages;
    this.rest = rest;
    this.table = table;
  }

  DeviceRunner runner() {
    return runner;
  }

  /** What the blocks on the processor keep. */
  SequenceCache rest() {
    return rest;
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
    release(Math.ceilDiv(length, DevicePages.TOKENS));
    rest.truncate(length);
  }

  @Override
  public SequenceCache fork() {
    check();
    DeviceCache fork = new DeviceCache(runner, pages, rest.fork(), table.clone());
    fork.count = Math.ceilDiv(length, DevicePages.TOKENS);
    fork.length = length;
    for (int i = 0; i < fork.count; i++) {
      pages.share(table[i]);
    }
    return fork;
  }

  @Override
  public long byteSize() {
    return count * runner.pageBytes() + rest.byteSize();
  }

  @Override
  public void close() {
    if (!closed) {
      release(0);
      rest.close();
      length = 0;
      closed = true;
    }
  }

  private void release(int kept) {
    while (count > kept) {
      pages.release(table[--count]);
    }
  }

  private void check() {
    if (closed) {
      throw new IllegalStateException("this cache is closed");
    }
  }

  /** Makes room for {@code tokens} more, in pages of its own. */
  void reserve(int tokens) {
    check();
    int size = DevicePages.TOKENS;
    if (length % size > 0) {
      table[length / size] = pages.own(table[length / size]);
    }
    int needed = Math.ceilDiv(Math.addExact(length, tokens), size);
    if (needed > table.length) {
      table = Arrays.copyOf(table, Math.max(needed, 2 * table.length));
    }
    while (count < needed) {
      table[count++] = pages.take();
    }
  }

  /** Pages in use. */
  int count() {
    return count;
  }

  int page(int i) {
    return table[i];
  }

  /** Counts {@code tokens} more. */
  void advance(int tokens) {
    length += tokens;
  }
}

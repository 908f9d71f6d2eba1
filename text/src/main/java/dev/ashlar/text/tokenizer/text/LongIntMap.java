package dev.ashlar.text.tokenizer.text;

import java.util.Arrays;

/** A map from non-negative longs to non-negative ints, by open addressing. */
public final class LongIntMap {
  private long[] keys;
  private int[] values;
  private int size;
  private int shift;

  /** An empty map with room for {@code expected} entries. */
  public LongIntMap(int expected) {
    int n = Math.max(8, Math.min(expected, 1 << 28));
    allocate(Integer.highestOneBit(n * 2 - 1) * 2);
  }

  private void allocate(int capacity) {
    keys = new long[capacity];
    Arrays.fill(keys, -1);
    values = new int[capacity];
    shift = Long.numberOfLeadingZeros(capacity) + 1;
  }

  private int slot(long key) {
    // Fibonacci hashing: the high bits of the product depend on every bit of the key.
    return (int) ((key * 0x9E3779B97F4A7C15L) >>> shift);
  }

  /** The value of {@code key}, or -1. */
  public int get(long key) {
    long[] k = keys;
    int mask = k.length - 1;
    int i = slot(key);
    while (true) {
      long found = k[i];
      if (found == key) {
        return values[i];
      }
      if (found == -1) {
        return -1;
      }
      i = (i + 1) & mask;
    }
  }

  /** Sets the value of {@code key}, over any it had. */
  public void put(long key, int value) {
    if (size * 2 >= keys.length) {
      grow();
    }
    int mask = keys.length - 1;
    int i = slot(key);
    while (keys[i] != -1 && keys[i] != key) {
      i = (i + 1) & mask;
    }
    if (keys[i] == -1) {
      size++;
      keys[i] = key;
    }
    values[i] = value;
  }

  /** How many keys there are. */
  public int size() {
    return size;
  }

  private void grow() {
    long[] oldKeys = keys;
    int[] oldValues = values;
    allocate(Math.multiplyExact(oldKeys.length, 2));
    size = 0;
    for (int i = 0; i < oldKeys.length; i++) {
      if (oldKeys[i] != -1) {
        put(oldKeys[i], oldValues[i]);
      }
    }
  }
}

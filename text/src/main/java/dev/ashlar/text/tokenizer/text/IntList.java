package dev.ashlar.text.tokenizer.text;

import java.util.Arrays;

/** A growing list of ints. */
public final class IntList {
  private int[] values;
  private int size;

  /** An empty list with room for {@code capacity} values. */
  public IntList(int capacity) {
    values = new int[Math.max(8, capacity)];
  }

  /** Appends a value. */
  public void add(int value) {
    if (size == values.length) {
      values = Arrays.copyOf(values, Math.multiplyExact(size, 2));
    }
    values[size++] = value;
  }

  /** Appends the first {@code count} of {@code from}. */
  public void addAll(int[] from, int count) {
    for (int i = 0; i < count; i++) {
      add(from[i]);
    }
  }

  /** The value at {@code index}. */
  public int get(int index) {
    return values[index];
  }

  /** Replaces the value at {@code index}. */
  public void set(int index, int value) {
    values[index] = value;
  }

  /** How many values there are. */
  public int size() {
    return size;
  }

  /** Keeps the first {@code count} values. */
  public void truncate(int count) {
    size = count;
  }

  /** A copy of the values. */
  public int[] toArray() {
    return Arrays.copyOf(values, size);
  }
}

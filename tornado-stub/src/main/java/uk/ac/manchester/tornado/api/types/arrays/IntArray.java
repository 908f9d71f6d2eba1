package uk.ac.manchester.tornado.api.types.arrays;

import java.util.Arrays;

/** Elements of type {@code int}; here an array of the heap. */
public final class IntArray extends TornadoNativeArray {
  private final int[] values;

  public IntArray(int numberOfElements) {
    this(new int[numberOfElements]);
  }

  private IntArray(int[] values) {
    this.values = values;
  }

  /** A copy of the values. */
  public static IntArray fromArray(int[] values) {
    return new IntArray(values.clone());
  }

  /** A copy as an array of the heap. */
  public int[] toHeapArray() {
    return values.clone();
  }

  public void set(int index, int value) {
    values[index] = value;
  }

  public int get(int index) {
    return values[index];
  }

  /** Sets every element. */
  public void init(int value) {
    Arrays.fill(values, value);
  }

  @Override
  public int getSize() {
    return values.length;
  }

  @Override
  public void clear() {
    init(0);
  }
}

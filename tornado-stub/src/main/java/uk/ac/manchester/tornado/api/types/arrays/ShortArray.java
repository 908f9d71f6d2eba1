package uk.ac.manchester.tornado.api.types.arrays;

import java.util.Arrays;

/** Elements of type {@code short}; here an array of the heap. */
public final class ShortArray extends TornadoNativeArray {
  private final short[] values;

  public ShortArray(int numberOfElements) {
    this(new short[numberOfElements]);
  }

  private ShortArray(short[] values) {
    this.values = values;
  }

  /** A copy of the values. */
  public static ShortArray fromArray(short[] values) {
    return new ShortArray(values.clone());
  }

  /** A copy as an array of the heap. */
  public short[] toHeapArray() {
    return values.clone();
  }

  public void set(int index, short value) {
    values[index] = value;
  }

  public short get(int index) {
    return values[index];
  }

  /** Sets every element. */
  public void init(short value) {
    Arrays.fill(values, value);
  }

  @Override
  public int getSize() {
    return values.length;
  }

  @Override
  public void clear() {
    init((short) 0);
  }
}

package uk.ac.manchester.tornado.api.types.arrays;

import java.util.Arrays;

/** Elements of type {@code float}; here an array of the heap. */
public final class FloatArray extends TornadoNativeArray {
  private final float[] values;

  public FloatArray(int numberOfElements) {
    this(new float[numberOfElements]);
  }

  private FloatArray(float[] values) {
    this.values = values;
  }

  /** A copy of the values. */
  public static FloatArray fromArray(float[] values) {
    return new FloatArray(values.clone());
  }

  /** A copy as an array of the heap. */
  public float[] toHeapArray() {
    return values.clone();
  }

  public void set(int index, float value) {
    values[index] = value;
  }

  public float get(int index) {
    return values[index];
  }

  /** Sets every element. */
  public void init(float value) {
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

package uk.ac.manchester.tornado.api.types.arrays;

/** An array that a device can hold. */
public abstract class TornadoNativeArray {
  TornadoNativeArray() {}

  /** Elements. */
  public abstract int getSize();

  /** Sets all elements to zero. */
  public abstract void clear();
}

package dev.ashlar.tensor;

import java.util.Arrays;

/**
 * The extents of a tensor, outermost first. A shape without dimensions is a scalar; an extent of
 * zero is allowed and makes the tensor empty. The element count never overflows: a shape whose
 * product does is refused when it is made.
 */
public final class Shape {
  private final long[] dims;
  private final long size;

  private Shape(long[] dims) {
    long product = 1;
    for (long d : dims) {
      if (d < 0) {
        throw new IllegalArgumentException("negative dimension in shape " + Arrays.toString(dims));
      }
    }
    try {
      for (long d : dims) {
        product = Math.multiplyExact(product, d);
      }
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException("element count overflows: " + Arrays.toString(dims), e);
    }
    this.dims = dims;
    this.size = product;
  }

  /** A shape of the given extents, outermost first. */
  public static Shape of(long... dims) {
    return new Shape(dims.clone());
  }

  /** The same with another innermost extent. */
  public Shape withLast(long extent) {
    long[] other = dims.clone();
    other[other.length - 1] = extent;
    return new Shape(other);
  }

  /** Number of dimensions. */
  public int rank() {
    return dims.length;
  }

  /** Extent of dimension {@code i}; a negative {@code i} counts from the innermost, which is -1. */
  public long dim(int i) {
    return dims[i < 0 ? dims.length + i : i];
  }

  /** Number of elements. */
  public long size() {
    return size;
  }

  /** The extents as a fresh array. */
  public long[] toArray() {
    return dims.clone();
  }

  @Override
  public boolean equals(Object o) {
    return o instanceof Shape other && Arrays.equals(dims, other.dims);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(dims);
  }

  /** For example {@code [4, 256, 576]}. */
  @Override
  public String toString() {
    return Arrays.toString(dims);
  }
}

package dev.ashlar.tensor;

import java.util.Arrays;

/**
 * A dense, row-major block of floats. A tensor is an identity, not a value: two tensors are equal
 * only if they are the same object, so that a tape can key its bookkeeping by them.
 *
 * <p>{@link #data()} is the live array, shared with whoever made the tensor. It may be longer than
 * {@link #size()}: buffers taken from a {@link dev.ashlar.tensor.autograd.Workspace} are rounded
 * up. Element {@code i} is always {@code data()[i]}.
 */
public final class Tensor {
  private final Shape shape;
  private final float[] data;
  private final int size;

  private Tensor(float[] data, Shape shape) {
    if (shape.size() > data.length) {
      throw new IllegalArgumentException(
          "shape " + shape + " needs " + shape.size() + " floats, array has " + data.length);
    }
    this.shape = shape;
    this.data = data;
    this.size = (int) shape.size();
  }

  /** A tensor over {@code data}, which is not copied and must hold at least the shape's size. */
  public static Tensor of(float[] data, Shape shape) {
    return new Tensor(data, shape);
  }

  /** A tensor over {@code data}, which is not copied. */
  public static Tensor of(float[] data, long... dims) {
    return new Tensor(data, Shape.of(dims));
  }

  /** A new tensor of zeros. */
  public static Tensor zeros(long... dims) {
    return zeros(Shape.of(dims));
  }

  /** A new tensor of zeros. */
  public static Tensor zeros(Shape shape) {
    return new Tensor(new float[Math.toIntExact(shape.size())], shape);
  }

  public Shape shape() {
    return shape;
  }

  /** Extent of dimension {@code i}; a negative {@code i} counts from the innermost, which is -1. */
  public int dim(int i) {
    return (int) shape.dim(i);
  }

  /** Number of elements. */
  public int size() {
    return size;
  }

  /** Product of all extents but the innermost: how many rows the tensor has. */
  public int rows() {
    return shape.rank() == 0 || shape.dim(-1) == 0 ? 1 : (int) (size / shape.dim(-1));
  }

  /** The live array; see the class comment. */
  public float[] data() {
    return data;
  }

  /** The same floats under another shape of the same size. */
  public Tensor reshape(long... dims) {
    Shape other = Shape.of(dims);
    if (other.size() != size) {
      throw new IllegalArgumentException("cannot reshape " + shape + " to " + other);
    }
    return new Tensor(data, other);
  }

  /** The other way round: {@code [columns, rows]} of a matrix {@code [rows, columns]}, a copy. */
  public Tensor transposed() {
    if (shape.rank() != 2) {
      throw new IllegalArgumentException("only a matrix can be turned, not " + shape);
    }
    int rows = dim(0);
    int columns = dim(1);
    Tensor turned = zeros(columns, rows);
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < columns; j++) {
        turned.data[j * rows + i] = data[i * columns + j];
      }
    }
    return turned;
  }

  /** A copy with a buffer of its own. */
  public Tensor copy() {
    return new Tensor(Arrays.copyOf(data, size), shape);
  }

  @Override
  public String toString() {
    return "Tensor" + shape;
  }
}

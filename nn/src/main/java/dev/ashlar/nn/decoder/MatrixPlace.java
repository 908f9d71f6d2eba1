package dev.ashlar.nn.decoder;

import dev.ashlar.tensor.HalfMatrix;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.weights.StoredTensor;

/**
 * Where a linear map's matrix lies in a tensor: rows of one length, a fixed distance apart.
 *
 * @param first the element that the first row begins with
 * @param rows how many there are
 * @param width elements of a row
 * @param stride elements from one row to the next
 * @param turned whether they are the matrix's columns
 */
record MatrixPlace(
    StoredTensor stored, long first, int rows, int width, int stride, boolean turned) {
  /** Rows and columns turned at a time, so that both sides' lines stay in the cache. */
  private static final int TILE = 32;

  /** All of a tensor {@code [out, in]}. */
  static MatrixPlace whole(StoredTensor stored, int out, int in) {
    return new MatrixPlace(stored, 0, out, in, in, false);
  }

  /** Where a map's matrix lies, its tensor being there in its shape. */
  static MatrixPlace of(Weights weights, String parent, LinearSpec spec) {
    String own = parent + spec.name() + ".weight";
    if (weights.hasOwn(own, spec)) {
      boolean turned = spec.transposed() && spec.stack().isEmpty();
      return turned
          ? new MatrixPlace(
              weights.stored(own, spec.in(), spec.out()),
              0,
              spec.in(),
              spec.out(),
              spec.out(),
              true)
          : whole(weights.stored(own, spec.out(), spec.in()), spec.out(), spec.in());
    }
    LinearSpec.Stack stack = spec.stack().get();
    String all = parent + stack.weight();
    int outputs = stack.outputs();
    long map = (long) stack.index() * spec.in() * outputs;
    if (spec.transposed()) {
      StoredTensor stored = weights.stored(all, stack.count(), spec.in(), outputs);
      return new MatrixPlace(stored, map + stack.first(), spec.in(), spec.out(), outputs, true);
    }
    StoredTensor stored = weights.stored(all, stack.count(), outputs, spec.in());
    long first = map + (long) stack.first() * spec.in();
    return new MatrixPlace(stored, first, spec.out(), spec.in(), spec.in(), false);
  }

  /** Rows of the matrix. */
  int out() {
    return turned ? width : rows;
  }

  /** Columns of the matrix. */
  int in() {
    return turned ? rows : width;
  }

  /** Some rows of a matrix that does not lie turned. */
  MatrixPlace part(int from, int count) {
    return new MatrixPlace(stored, first + (long) from * stride, count, width, stride, turned);
  }

  /** Reads some of the rows. */
  private interface Reader {
    void read(long from, int offset, int count);
  }

  private void each(Reader reader) {
    if (stride == width) {
      reader.read(first, 0, Math.multiplyExact(rows, width));
      return;
    }
    for (int r = 0; r < rows; r++) {
      reader.read(first + (long) r * stride, r * width, width);
    }
  }

  /** The matrix {@code [out, in]} as floats. */
  Tensor floats() {
    Tensor t = Tensor.zeros(rows, width);
    each((from, offset, count) -> stored.read(from, t.data(), offset, count));
    return turned ? t.transposed() : t;
  }

  /** The matrix {@code [out, in]} in the 16 bits that it is stored in. */
  HalfMatrix halves() {
    short[] bits = new short[Math.multiplyExact(rows, width)];
    each((from, offset, count) -> stored.readHalves(from, bits, offset, count));
    return turned
        ? new HalfMatrix(stored.dtype(), width, rows, transposed(bits))
        : new HalfMatrix(stored.dtype(), rows, width, bits);
  }

  private short[] transposed(short[] bits) {
    short[] to = new short[bits.length];
    for (int r = 0; r < rows; r += TILE) {
      for (int c = 0; c < width; c += TILE) {
        for (int i = r; i < Math.min(rows, r + TILE); i++) {
          for (int j = c; j < Math.min(width, c + TILE); j++) {
            to[j * rows + i] = bits[i * width + j];
          }
        }
      }
    }
    return to;
  }
}

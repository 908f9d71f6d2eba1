package dev.ashlar.engine.model;

import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.weights.StoredTensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A tensor with products of low rank added to parts of it, in float32, row by row as it is read.
 */
final class MergedTensor implements StoredTensor {
  private final StoredTensor base;
  private final List<Addition> additions = new ArrayList<>();

  /**
   * A product {@code scale·left·right} and where it goes.
   *
   * @param left {@code [rows, rank]}
   * @param right {@code [rank, columns]}
   * @param first the element of the tensor that the product's first is added to
   * @param stride elements from one row to the next
   */
  private record Addition(Tensor left, Tensor right, float scale, long first, int stride) {
    void addTo(long from, float[] target, int offset, int count) {
      int rows = left.dim(0);
      int columns = right.dim(1);
      long begin = Math.max(0, (from - first) / stride);
      float[] sums = new float[columns];
      for (long row = begin; row < rows && first + row * stride < from + count; row++) {
        long at = first + row * stride;
        int low = (int) Math.max(0, from - at);
        int high = (int) Math.min(columns, from + count - at);
        if (low >= high) {
          continue;
        }
        product((int) row, low, high, sums);
        int to = (int) (offset + at - from);
        for (int c = low; c < high; c++) {
          target[to + c] += scale * sums[c];
        }
      }
    }

    private void product(int row, int low, int high, float[] sums) {
      int rank = left.dim(1);
      int columns = right.dim(1);
      float[] r = right.data();
      Arrays.fill(sums, low, high, 0f);
      for (int k = 0; k < rank; k++) {
        float l = left.data()[row * rank + k];
        int at = k * columns;
        for (int c = low; c < high; c++) {
          sums[c] += l * r[at + c];
        }
      }
    }
  }

  MergedTensor(StoredTensor base) {
    this.base = base;
  }

  /**
   * Adds {@code scale·left·right}.
   *
   * @param first the element that the product's first is added to
   * @param stride elements from one row to the next
   */
  void add(Tensor left, Tensor right, float scale, long first, int stride) {
    additions.add(new Addition(left, right, scale, first, stride));
  }

  @Override
  public String name() {
    return base.name();
  }

  @Override
  public Shape shape() {
    return base.shape();
  }

  @Override
  public DType dtype() {
    return DType.F32;
  }

  @Override
  public long byteSize() {
    return shape().size() * Float.BYTES;
  }

  @Override
  public void read(long from, float[] target, int offset, int count) {
    base.read(from, target, offset, count);
    additions.forEach(a -> a.addTo(from, target, offset, count));
  }

  @Override
  public void readBytes(long from, byte[] target, int offset, int count) {
    StackedTensor.floatBytes(this, from, target, offset, count);
  }
}

package dev.ashlar.formats.gguf.writing;

import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tensor.weights.StoredTensor;
import java.util.Optional;

/**
 * A quantized matrix {@code [out, in]} that lies in memory, as a tensor of floats that still knows
 * its codes.
 *
 * @param name of the tensor, not of the module
 */
public record CodesTensor(String name, QuantizedMatrix matrix) implements StoredTensor {
  @Override
  public Shape shape() {
    return Shape.of(matrix.out(), matrix.in());
  }

  @Override
  public DType dtype() {
    return DType.F32;
  }

  @Override
  public String storage() {
    return matrix.kind();
  }

  @Override
  public long byteSize() {
    return (long) Float.BYTES * matrix.out() * matrix.in();
  }

  /** A row with its outliers. */
  void row(int o, float[] row) {
    matrix.readRow(o, row, 0);
    matrix.outliers().ifPresent(outliers -> outliers.addTo(o, row, 0));
  }

  @Override
  public void read(long from, float[] target, int offset, int count) {
    float[] row = new float[matrix.in()];
    long at = from;
    while (at < from + count) {
      int o = (int) (at / row.length);
      int k = (int) (at % row.length);
      int n = (int) Math.min(row.length - k, from + count - at);
      row(o, row);
      System.arraycopy(row, k, target, offset + (int) (at - from), n);
      at += n;
    }
  }

  @Override
  public void readBytes(long from, byte[] target, int offset, int count) {
    throw new UnsupportedOperationException(name + " has no bytes of its own");
  }

  @Override
  public Optional<QuantizedMatrix> quantized() {
    return Optional.of(matrix);
  }
}

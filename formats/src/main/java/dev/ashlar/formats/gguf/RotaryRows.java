package dev.ashlar.formats.gguf;

import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tensor.weights.StoredTensor;
import dev.ashlar.tensor.weights.StoredTensorView;
import java.util.Optional;

/**
 * Queries or keys whose rows a GGUF file has in the order {@code (head, i, half)}, in the order
 * {@code (head, half, i)} of Hugging Face. Whole rows move, so their stored bytes can be copied
 * too.
 *
 * @param headDim rows per head, even
 */
record RotaryRows(StoredTensor stored, int headDim) implements StoredTensorView {
  /** Row of the file that is row {@code row} here. */
  private long source(long row) {
    long head = row / headDim * headDim;
    long within = row % headDim;
    long half = within / (headDim / 2);
    return head + within % (headDim / 2) * 2 + half;
  }

  private interface Copy {
    void copy(long from, int at, int count);
  }

  /** Splits a range at row ends; rows are {@code width} long. */
  private void rows(long from, int count, long width, Copy copy) {
    long at = from;
    while (at < from + count) {
      long row = at / width;
      int n = (int) (Math.min((row + 1) * width, from + count) - at);
      copy.copy(source(row) * width + at % width, (int) (at - from), n);
      at += n;
    }
  }

  @Override
  public void read(long from, float[] target, int offset, int count) {
    rows(
        from,
        count,
        shape().size() / shape().dim(0),
        (source, at, n) -> stored.read(source, target, offset + at, n));
  }

  @Override
  public void readBytes(long from, byte[] target, int offset, int count) {
    rows(
        from,
        count,
        byteSize() / shape().dim(0),
        (source, at, n) -> stored.readBytes(source, target, offset + at, n));
  }

  @Override
  public Optional<QuantizedMatrix> quantized() {
    return stored.quantized().map(w -> w.withRows(o -> Math.toIntExact(source(o))));
  }
}

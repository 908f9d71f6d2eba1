package dev.ashlar.formats.gguf.family;

import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tensor.weights.StoredTensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Optional;
import java.util.function.LongUnaryOperator;

/**
 * Rows of other tensors in an order of its own. Whole rows move, so that stored bytes can be copied
 * where all come in one type, and codes of a matrix keep their meaning.
 */
public final class RowView implements StoredTensor {
  private final Shape shape;
  private final List<StoredTensor> sources;
  private final long width;
  private final LongUnaryOperator order;
  private final long[] firsts;
  private final boolean oneType;

  /**
   * A view.
   *
   * @param sources where rows come from, counted through all of them
   * @param width elements of a row
   * @param order which row of the sources comes to a place
   */
  public RowView(Shape shape, List<StoredTensor> sources, long width, LongUnaryOperator order) {
    this.shape = shape;
    this.sources = List.copyOf(sources);
    this.width = width;
    this.order = order;
    this.firsts = new long[sources.size() + 1];
    for (int i = 0; i < sources.size(); i++) {
      firsts[i + 1] = firsts[i] + sources.get(i).shape().size() / width;
    }
    String type = sources.getFirst().storage();
    this.oneType = sources.stream().allMatch(s -> s.storage().equals(type));
  }

  /** The number of rows. */
  public long rows() {
    return shape.size() / width;
  }

  /** The tensor that a row comes from. */
  public StoredTensor source(long row) {
    return sources.get(index(order.applyAsLong(row)));
  }

  /** Which of that tensor's rows it is. */
  public long sourceRow(long row) {
    long place = order.applyAsLong(row);
    return place - firsts[index(place)];
  }

  private int index(long place) {
    int low = 0;
    int high = sources.size() - 1;
    while (low < high) {
      int middle = (low + high + 1) >>> 1;
      if (firsts[middle] <= place) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return low;
  }

  private interface Copy {
    void copy(StoredTensor source, long from, int at, int count);
  }

  /** Splits a range where rows do not follow each other; rows are {@code unit} long. */
  private void runs(long from, int count, long unit, Copy copy) {
    long at = from;
    long end = from + count;
    while (at < end) {
      long row = at / unit;
      long place = order.applyAsLong(row);
      int source = index(place);
      long stop = (row + 1) * unit;
      for (long next = row + 1;
          stop < end
              && order.applyAsLong(next) == place + (next - row)
              && place + (next - row) < firsts[source + 1];
          next++) {
        stop += unit;
      }
      int n = (int) (Math.min(stop, end) - at);
      copy.copy(
          sources.get(source), (place - firsts[source]) * unit + at % unit, (int) (at - from), n);
      at += n;
    }
  }

  @Override
  public String name() {
    return sources.getFirst().name();
  }

  @Override
  public Shape shape() {
    return shape;
  }

  @Override
  public DType dtype() {
    return oneType ? sources.getFirst().dtype() : DType.F32;
  }

  @Override
  public String storage() {
    return oneType ? sources.getFirst().storage() : DType.F32.name();
  }

  private long rowBytes() {
    StoredTensor first = sources.getFirst();
    return oneType ? first.byteSize() / (first.shape().size() / width) : width * Float.BYTES;
  }

  @Override
  public long byteSize() {
    return rows() * rowBytes();
  }

  @Override
  public void read(long from, float[] target, int offset, int count) {
    runs(from, count, width, (s, source, at, n) -> s.read(source, target, offset + at, n));
  }

  @Override
  public void readBytes(long from, byte[] target, int offset, int count) {
    if (oneType) {
      runs(
          from,
          count,
          rowBytes(),
          (s, source, at, n) -> s.readBytes(source, target, offset + at, n));
    } else {
      floatBytes(this, from, target, offset, count);
    }
  }

  /** Bytes of a tensor that is told as floats. */
  static void floatBytes(StoredTensor tensor, long from, byte[] target, int offset, int count) {
    long first = from / Float.BYTES;
    int n = (int) ((from + count + Float.BYTES - 1) / Float.BYTES - first);
    float[] values = new float[n];
    tensor.read(first, values, 0, n);
    ByteBuffer bytes = ByteBuffer.allocate(n * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    bytes.get((int) (from - first * Float.BYTES), target, offset, count);
  }

  @Override
  public Optional<QuantizedMatrix> quantized() {
    if (sources.size() > 1 || shape.rank() != 2 || shape.dim(1) != width) {
      return Optional.empty();
    }
    int rows = Math.toIntExact(rows());
    return sources
        .getFirst()
        .quantized()
        .map(
            w -> {
              QuantizedMatrix moved =
                  w.withRows(o -> o < rows ? Math.toIntExact(order.applyAsLong(o)) : 0);
              return rows < w.out() ? moved.corner(rows, w.in()) : moved;
            });
  }
}

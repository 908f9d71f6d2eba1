package dev.ashlar.engine.model;

import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.weights.StoredTensor;
import java.lang.ref.SoftReference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * A tensor of several parts that lie elsewhere, each of them matrices {@code [out, in]} or biases
 * {@code [out]}, one after the other or side by side; made part by part when it is read. A part
 * that was read to its end is let go, and one that was not when memory is short: a checkpoint may
 * have such a tensor for each of its matrices.
 */
final class StackedTensor implements StoredTensor {
  /**
   * Some outputs of a part.
   *
   * @param first the part's output that is this one's first
   * @param turned whether the part is {@code [in, out]}
   */
  private record Piece(int first, boolean turned, Supplier<Tensor> values) {}

  private final String name;
  private final Shape shape;
  private final int size;
  private final int outputs;
  private final Map<Integer, List<Piece>> pieces = new HashMap<>();
  private int present = -1;
  private SoftReference<float[]> part = new SoftReference<>(null);

  /**
   * @param part its last dimensions, which are those of one part
   */
  StackedTensor(String name, Shape shape, Shape part) {
    this.name = name;
    this.shape = shape;
    this.size = Math.toIntExact(part.size());
    this.outputs = Math.toIntExact(part.dim(-1));
  }

  void put(int index, int first, boolean turned, Supplier<Tensor> values) {
    pieces.computeIfAbsent(index, i -> new ArrayList<>()).add(new Piece(first, turned, values));
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public Shape shape() {
    return shape;
  }

  @Override
  public DType dtype() {
    return DType.F32;
  }

  @Override
  public long byteSize() {
    return shape.size() * Float.BYTES;
  }

  @Override
  public synchronized void read(long from, float[] target, int offset, int count) {
    int done = 0;
    while (done < count) {
      int index = (int) ((from + done) / size);
      int at = (int) ((from + done) % size);
      int n = Math.min(count - done, size - at);
      float[] values = index == present ? part.get() : null;
      if (values == null) {
        values = part(index);
        part = new SoftReference<>(values);
        present = index;
      }
      System.arraycopy(values, at, target, offset + done, n);
      if (at + n == size) {
        part.clear();
      }
      done += n;
    }
  }

  private float[] part(int index) {
    float[] whole = new float[size];
    for (Piece piece : pieces.getOrDefault(index, List.of())) {
      Tensor values = piece.values().get();
      int out = values.dim(0);
      int in = values.size() / out;
      for (int o = 0; o < out; o++) {
        if (piece.turned()) {
          for (int i = 0; i < in; i++) {
            whole[i * outputs + piece.first() + o] = values.data()[o * in + i];
          }
        } else {
          System.arraycopy(values.data(), o * in, whole, (piece.first() + o) * in, in);
        }
      }
    }
    return whole;
  }

  @Override
  public void readBytes(long from, byte[] target, int offset, int count) {
    floatBytes(this, from, target, offset, count);
  }

  /** Bytes of a tensor that is told as floats. */
  static void floatBytes(StoredTensor tensor, long from, byte[] target, int offset, int count) {
    int first = (int) (from % Float.BYTES);
    float[] values = new float[(first + count + Float.BYTES - 1) / Float.BYTES];
    tensor.read(from / Float.BYTES, values, 0, values.length);
    ByteBuffer bytes = ByteBuffer.allocate(values.length * Float.BYTES);
    bytes.order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().put(values);
    bytes.get(first, target, offset, count);
  }
}

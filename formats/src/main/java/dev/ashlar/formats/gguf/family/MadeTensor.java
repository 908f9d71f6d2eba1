package dev.ashlar.formats.gguf.family;

import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.weights.StoredTensor;
import java.lang.ref.SoftReference;
import java.util.function.Supplier;

/**
 * A tensor that is computed when it is read, all at once, and kept as long as memory is plenty.
 * Tells itself as floats.
 */
final class MadeTensor implements StoredTensor {
  private final String name;
  private final Shape shape;
  private final Supplier<float[]> values;
  private SoftReference<float[]> kept = new SoftReference<>(null);

  /**
   * A tensor.
   *
   * @param of what it is made of, whose name it has
   * @param values computes all elements
   */
  MadeTensor(StoredTensor of, Shape shape, Supplier<float[]> values) {
    this.name = of.name();
    this.shape = shape;
    this.values = values;
  }

  private synchronized float[] values() {
    float[] made = kept.get();
    if (made == null) {
      made = values.get();
      kept = new SoftReference<>(made);
    }
    return made;
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
  public void read(long from, float[] target, int offset, int count) {
    System.arraycopy(values(), Math.toIntExact(from), target, offset, count);
  }

  @Override
  public void readBytes(long from, byte[] target, int offset, int count) {
    RowView.floatBytes(this, from, target, offset, count);
  }
}

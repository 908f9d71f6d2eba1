package dev.ashlar.tensor.weights;

import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.ShortBuffer;
import java.util.Optional;

/**
 * A tensor that lies in a checkpoint and is read by copying. Implementations are views: they stay
 * valid until the {@link WeightSource} that gave them is closed.
 *
 * <p>Reads throw the source's own unchecked exception when the file cannot be read (for example
 * because it was truncated after it was opened).
 */
public interface StoredTensor {
  /** Elements of 16 bits that are copied at a time. */
  int HALVES = 1 << 15;

  /** The name under which the source knows it. */
  String name();

  /** Extents, outermost first (a linear map is {@code [out, in]} whatever the container does). */
  Shape shape();

  /** The element type in the file; for block-quantized types the type they widen to. */
  DType dtype();

  /** How the file spells its type: {@code BF16}, {@code Q4_1}… */
  default String storage() {
    return dtype().name();
  }

  /** Bytes the tensor occupies in its file. */
  long byteSize();

  /**
   * Widens elements {@code [from, from + count)} to float into {@code target}, starting at {@code
   * offset}. Integer types are converted by value.
   */
  void read(long from, float[] target, int offset, int count);

  /** Copies raw bytes {@code [from, from + count)} of the stored form. */
  void readBytes(long from, byte[] target, int offset, int count);

  /**
   * Whether elements lie in the file as floats of 16 bits, which {@link #readHalves} then gives
   * ({@link #read} widens the same).
   */
  default boolean isHalf() {
    return (dtype() == DType.F16 || dtype() == DType.BF16) && storage().equals(dtype().name());
  }

  /**
   * Copies elements {@code [from, from + count)} of a tensor of 16-bit floats as they are stored.
   *
   * @throws IllegalStateException unless {@link #isHalf}
   */
  default void readHalves(long from, short[] target, int offset, int count) {
    if (!isHalf()) {
      throw new IllegalStateException(name() + " is stored as " + storage());
    }
    byte[] bytes = new byte[Math.min(count, HALVES) * Short.BYTES];
    ShortBuffer halves = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asShortBuffer();
    for (int i = 0; i < count; i += HALVES) {
      int n = Math.min(HALVES, count - i);
      readBytes((from + i) * Short.BYTES, bytes, 0, n * Short.BYTES);
      halves.get(0, target, offset + i, n);
    }
  }

  /**
   * The matrix as the codes and groups that the file holds ({@link #read} gives the same values);
   * empty if it holds something else. A new value with each call.
   */
  default Optional<QuantizedMatrix> quantized() {
    return Optional.empty();
  }

  /** The same tensor under another name, as models or other containers know it. */
  default StoredTensor renamed(String name) {
    return new RenamedTensor(name, this);
  }

  /**
   * Whether another tensor has the same shape and the same elements, as far as the narrower of
   * their types tells: of two copies one may have been rounded. Reads both piece by piece, up to
   * the first difference.
   */
  default boolean sameAs(StoredTensor other) {
    if (!shape().equals(other.shape())) {
      return false;
    }
    int piece = 1 << 16;
    float[] mine = new float[(int) Math.min(piece, shape().size())];
    float[] others = new float[mine.length];
    for (long from = 0; from < shape().size(); from += piece) {
      int n = (int) Math.min(piece, shape().size() - from);
      read(from, mine, 0, n);
      other.read(from, others, 0, n);
      for (int i = 0; i < n; i++) {
        float x = mine[i];
        float y = others[i];
        if (x != y && other.dtype().rounded(x) != y && dtype().rounded(y) != x) {
          return false;
        }
      }
    }
    return true;
  }

  /** All elements as a new tensor. */
  default Tensor toTensor() {
    Tensor t = Tensor.zeros(shape());
    read(0, t.data(), 0, t.size());
    return t;
  }
}

package dev.ashlar.tensor.weights;

import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import java.util.Optional;

/** Another stored tensor in all that an implementation does not say otherwise. */
public interface StoredTensorView extends StoredTensor {
  /** The other one. */
  StoredTensor stored();

  @Override
  default String name() {
    return stored().name();
  }

  @Override
  default Shape shape() {
    return stored().shape();
  }

  @Override
  default DType dtype() {
    return stored().dtype();
  }

  @Override
  default String storage() {
    return stored().storage();
  }

  @Override
  default long byteSize() {
    return stored().byteSize();
  }

  @Override
  default void read(long from, float[] target, int offset, int count) {
    stored().read(from, target, offset, count);
  }

  @Override
  default void readBytes(long from, byte[] target, int offset, int count) {
    stored().readBytes(from, target, offset, count);
  }

  @Override
  default boolean isHalf() {
    return stored().isHalf();
  }

  @Override
  default void readHalves(long from, short[] target, int offset, int count) {
    stored().readHalves(from, target, offset, count);
  }

  @Override
  default Optional<QuantizedMatrix> quantized() {
    return stored().quantized();
  }
}

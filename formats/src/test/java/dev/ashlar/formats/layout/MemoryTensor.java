package dev.ashlar.formats.layout;

import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.weights.StoredTensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** A stored tensor whose bytes are in memory. */
record MemoryTensor(String name, DType dtype, Shape shape, byte[] bytes) implements StoredTensor {
  static MemoryTensor of(PackedTensor t) {
    return new MemoryTensor(t.name(), t.dtype(), t.shape(), t.bytes());
  }

  @Override
  public long byteSize() {
    return bytes.length;
  }

  @Override
  public void read(long from, float[] target, int offset, int count) {
    ByteBuffer b = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < count; i++) {
      int at = (int) (from + i) * dtype.bytes();
      target[offset + i] =
          switch (dtype) {
            case F16 -> Float.float16ToFloat(b.getShort(at));
            case BF16 -> Float.intBitsToFloat(b.getShort(at) << 16);
            case F32 -> b.getFloat(at);
            case I32 -> b.getInt(at);
            default -> throw new IllegalArgumentException(dtype.name());
          };
    }
  }

  @Override
  public void readBytes(long from, byte[] target, int offset, int count) {
    System.arraycopy(bytes, (int) from, target, offset, count);
  }
}

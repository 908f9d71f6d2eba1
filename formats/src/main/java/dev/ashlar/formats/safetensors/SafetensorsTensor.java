package dev.ashlar.formats.safetensors;

import dev.ashlar.formats.checkpoint.Elements;
import dev.ashlar.io.InputException;
import dev.ashlar.io.file.OpenFile;
import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.weights.StoredTensor;

/**
 * A tensor in an open safetensors file.
 *
 * @param position where its bytes begin, from the start of the file
 */
record SafetensorsTensor(
    OpenFile file, String name, Shape shape, SafetensorsType type, long position, long byteSize)
    implements StoredTensor {

  @Override
  public DType dtype() {
    return type.dtype() == null ? DType.U8 : type.dtype();
  }

  @Override
  public String storage() {
    return type.name();
  }

  @Override
  public void read(long from, float[] target, int offset, int count) {
    range(from, count, shape.size());
    if (type.dtype() == null) {
      throw InputException.in(file.path())
          .place(name)
          .problem("elements of type " + type.name() + " cannot be read as numbers")
          .exception();
    }
    Elements.widen(
        file, type.dtype(), position + from * type.dtype().bytes(), target, offset, count);
  }

  @Override
  public void readBytes(long from, byte[] target, int offset, int count) {
    range(from, count, byteSize);
    file.bytes(position + from, target, offset, count);
  }

  @Override
  public void readHalves(long from, short[] target, int offset, int count) {
    if (!isHalf()) {
      throw new IllegalStateException(name + " is stored as " + storage());
    }
    range(from, count, shape.size());
    file.shorts(position + from * Short.BYTES, target, offset, count);
  }

  private void range(long from, int count, long size) {
    if (from < 0 || count < 0 || from > size - count) {
      throw new IllegalArgumentException(
          name + " " + shape + ": [" + from + ", +" + count + ") is outside of " + size);
    }
  }
}

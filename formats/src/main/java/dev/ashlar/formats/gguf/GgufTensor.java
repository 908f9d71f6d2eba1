package dev.ashlar.formats.gguf;

import dev.ashlar.formats.checkpoint.Elements;
import dev.ashlar.formats.gguf.family.RowSource;
import dev.ashlar.formats.gguf.family.RowView;
import dev.ashlar.io.file.OpenFile;
import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tensor.weights.StoredTensor;
import java.util.List;
import java.util.Optional;

/**
 * A tensor in an open GGUF file, its shape outermost first.
 *
 * @param position where its bytes begin, from the start of the file
 */
record GgufTensor(
    OpenFile file, String name, Shape shape, GgufType type, long position, long byteSize)
    implements StoredTensor, RowSource {
  private static final int CHUNK_BYTES = 1 << 17;

  @Override
  public DType dtype() {
    return type.dtype();
  }

  @Override
  public String storage() {
    return type.name();
  }

  @Override
  public void read(long from, float[] target, int offset, int count) {
    range(from, count, shape.size());
    if (type.block() == null) {
      long at = position + from * type.bytes();
      Elements.widen(file, type.dtype(), at, target, offset, count);
      return;
    }
    int needed = count / type.elements() + 2; // a row of an embedding table is a few blocks
    int blocksPerChunk = Math.clamp(CHUNK_BYTES / type.bytes(), 1, needed);
    byte[] raw = new byte[blocksPerChunk * type.bytes()];
    float[] partial = new float[type.elements()];
    long end = from + count;
    long at = from;
    while (at < end) {
      long block = at / type.elements();
      long last = (end - 1) / type.elements();
      int blocks = (int) Math.min(blocksPerChunk, last - block + 1);
      file.bytes(position + block * type.bytes(), raw, 0, blocks * type.bytes());
      for (int b = 0; b < blocks; b++) {
        long first = (block + b) * type.elements();
        int to = offset + (int) (at - from);
        if (first == at && first + type.elements() <= end) {
          type.block().dequantize(raw, b * type.bytes(), target, to);
          at += type.elements();
        } else {
          type.block().dequantize(raw, b * type.bytes(), partial, 0);
          int skip = (int) (at - first);
          int n = (int) Math.min(type.elements() - skip, end - at);
          System.arraycopy(partial, skip, target, to, n);
          at += n;
        }
      }
    }
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

  @Override
  public Optional<QuantizedMatrix> quantized() {
    Optional<AffineBlocks> blocks = AffineBlocks.of(type);
    boolean fits = shape.rank() == 2 && shape.dim(1) % type.elements() == 0;
    if (blocks.isEmpty() || !fits || shape.size() > Integer.MAX_VALUE - 8) {
      return Optional.empty();
    }
    return Optional.of(
        blocks
            .get()
            .matrix(
                Math.toIntExact(shape.dim(0)),
                Math.toIntExact(shape.dim(1)),
                type,
                (from, target, count) -> readBytes(from, target, 0, count)));
  }

  /** Rows that begin and end with blocks are a tensor of the file like any other. */
  @Override
  public StoredTensor rows(long first, Shape rows, long width) {
    if (type.elements() > 1 && width % type.elements() != 0) {
      return new RowView(rows, List.of(this), width, row -> first + row);
    }
    long rowBytes = width / type.elements() * type.bytes();
    long bytes = rows.size() / width * rowBytes;
    return new GgufTensor(file, name, rows, type, position + first * rowBytes, bytes);
  }

  private void range(long from, int count, long size) {
    if (from < 0 || count < 0 || from > size - count) {
      throw new IllegalArgumentException(
          name + " " + shape + ": [" + from + ", +" + count + ") is outside of " + size);
    }
  }
}

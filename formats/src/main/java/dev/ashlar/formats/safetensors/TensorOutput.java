package dev.ashlar.formats.safetensors;

import dev.ashlar.formats.checkpoint.Elements;
import dev.ashlar.io.InputException;
import dev.ashlar.io.file.AtomicFile;
import dev.ashlar.tensor.DType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/**
 * Takes the elements of one tensor, in row-major order. Closing checks that they were as many as
 * the tensor's shape says.
 */
public final class TensorOutput implements AutoCloseable {
  private final Path file;
  private final FileChannel channel;
  private final ByteBuffer buffer;
  private final String name;
  private final SafetensorsType type;
  private final long expected;
  private long written;
  private boolean failed;

  /**
   * @param buffer little-endian and empty; lent until the output is closed
   * @param expected bytes the tensor has
   */
  TensorOutput(
      Path file,
      FileChannel channel,
      ByteBuffer buffer,
      String name,
      SafetensorsType type,
      long expected) {
    this.file = file;
    this.channel = channel;
    this.buffer = buffer;
    this.name = name;
    this.type = type;
    this.expected = expected;
  }

  /**
   * Takes {@code count} floats, rounded to the tensor's type (ties to even).
   *
   * @throws InputException if a finite value would become infinite
   */
  public void floats(float[] values, int offset, int count) {
    DType dtype = type.dtype() == null ? DType.U8 : type.dtype();
    int size = type.bits() / 8;
    for (int i = offset; i < offset + count; i++) {
      float v = values[i];
      room(size);
      switch (dtype) {
        case F32 -> buffer.putFloat(v);
        case F16 -> buffer.putShort(fitting(v, Float.floatToFloat16(v), 0x7C00, size));
        case BF16 -> buffer.putShort(fitting(v, Elements.bf16(v), 0x7F80, size));
        case F64 -> buffer.putDouble(v);
        default ->
            throw new IllegalArgumentException(name + ": cannot round floats to " + type.name());
      }
    }
  }

  private short fitting(float value, short bits, int infinity, int size) {
    if ((bits & 0x7FFF) == infinity && Float.isFinite(value)) {
      failed = true;
      long index = (written + buffer.position()) / size;
      throw InputException.in(file.getParent())
          .place(name)
          .problem("value " + value + " at index " + index + " does not fit " + type.name())
          .hint("write the model as BF16 or F32")
          .exception();
    }
    return bits;
  }

  /** Takes {@code count} 32-bit words. */
  public void ints(int[] values, int offset, int count) {
    if (type.bits() != Integer.SIZE) {
      throw new IllegalArgumentException(name + ": words for " + type.name());
    }
    for (int i = offset; i < offset + count; i++) {
      room(Integer.BYTES);
      buffer.putInt(values[i]);
    }
  }

  /** Takes {@code count} bytes of the stored form, little-endian. */
  public void bytes(byte[] values, int offset, int count) {
    int at = offset;
    while (at < offset + count) {
      room(1);
      int n = Math.min(buffer.remaining(), offset + count - at);
      buffer.put(values, at, n);
      at += n;
    }
  }

  private void room(int bytes) {
    if (buffer.remaining() < bytes) {
      flush();
    }
  }

  private void flush() {
    buffer.flip();
    written += buffer.remaining();
    try {
      while (buffer.hasRemaining()) {
        channel.write(buffer);
      }
    } catch (IOException e) {
      failed = true;
      throw AtomicFile.cannotWrite(file, e);
    } finally {
      buffer.clear();
    }
  }

  /**
   * Ends the tensor.
   *
   * @throws IllegalStateException if too few or too many elements were given
   */
  @Override
  public void close() {
    if (failed) {
      return;
    }
    flush();
    if (written != expected) {
      failed = true;
      throw new IllegalStateException(
          name + ": expected " + expected + " bytes, was given " + written);
    }
  }
}

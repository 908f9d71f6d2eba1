package dev.ashlar.tuning.lora;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * A training's state in bytes, so that it can go on after it was interrupted and ends in the same
 * bytes. Written and read in pieces: it may be larger than an array, and memory holds no second
 * copy.
 *
 * <pre>
 *   8 bytes  "ASHLORA1"
 *   i32      length of what says which training it is, then that in UTF-8
 *   f64      loss on held-out data before the first step
 *   i32      steps done
 *   floats   factors and moments, in the order of the training
 *   i64      CRC-32C of all before
 * </pre>
 */
public final class TrainingState {
  private static final byte[] MAGIC = "ASHLORA1".getBytes(StandardCharsets.US_ASCII);
  private static final int FIXED = 8 + 4 + 8 + 4 + 8;

  /** Floats that are on the way at once. */
  private static final int CHUNK = 1 << 14;

  private TrainingState() {}

  /**
   * Writes the state of a training.
   *
   * @param identity everything that decides its result
   * @param before loss on held-out data before the first step
   * @throws IOException if {@code out} takes no more
   */
  public static void save(
      LoraTraining training, String identity, double before, WritableByteChannel out)
      throws IOException {
    save(training.arrays(), training.done(), identity, before, out);
  }

  static void save(
      List<float[]> arrays, int done, String identity, double before, WritableByteChannel out)
      throws IOException {
    byte[] name = bytes(identity);
    CRC32C crc = new CRC32C();
    ByteBuffer head = buffer(FIXED - Long.BYTES + name.length);
    head.put(MAGIC).putInt(name.length).put(name).putDouble(before).putInt(done);
    write(head.flip(), crc, out);
    ByteBuffer chunk = buffer(CHUNK * Float.BYTES);
    for (float[] values : arrays) {
      int n;
      for (int at = 0; at < values.length; at += n) {
        n = Math.min(CHUNK, values.length - at);
        chunk.clear().limit(n * Float.BYTES);
        chunk.asFloatBuffer().put(values, at, n);
        write(chunk, crc, out);
      }
    }
    write(buffer(Long.BYTES).putLong(crc.getValue()).flip(), crc, out);
  }

  private static byte[] bytes(String identity) {
    return identity.getBytes(StandardCharsets.UTF_8);
  }

  private static ByteBuffer buffer(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static void write(ByteBuffer bytes, CRC32C crc, WritableByteChannel out)
      throws IOException {
    crc.update(bytes.duplicate());
    while (bytes.hasRemaining()) {
      out.write(bytes);
    }
  }

  /** Why a state cannot be gone on from. */
  public static final class OtherTrainingException extends RuntimeException {
    private static final long serialVersionUID = 1;

    OtherTrainingException(String message) {
      super(message);
    }
  }

  /**
   * Puts a state back. A training whose state this is not stays as it is.
   *
   * @return the loss on held-out data before the first step
   * @throws OtherTrainingException if the state is of another training, or damaged
   * @throws IOException if {@code in} cannot be read
   */
  public static double restore(SeekableByteChannel in, LoraTraining training, String identity)
      throws IOException {
    Found found = restore(in, training.arrays(), identity);
    training.resume(found.done());
    return found.before();
  }

  /** What a state says besides its arrays. */
  record Found(double before, int done) {}

  static Found restore(SeekableByteChannel in, List<float[]> arrays, String identity)
      throws IOException {
    byte[] name = bytes(identity);
    if (!intact(in)) {
      throw new OtherTrainingException("is no state of a training, or is damaged");
    }
    in.position(MAGIC.length);
    int length = read(in, buffer(Integer.BYTES)).getInt();
    long floats = arrays.stream().mapToLong(a -> a.length).sum();
    if (length != name.length
        || in.size() != FIXED + name.length + floats * Float.BYTES
        || !Arrays.equals(read(in, buffer(length)).array(), name)) {
      throw new OtherTrainingException("is the state of another training");
    }
    ByteBuffer numbers = read(in, buffer(Double.BYTES + Integer.BYTES));
    Found found = new Found(numbers.getDouble(), numbers.getInt());
    ByteBuffer chunk = buffer(CHUNK * Float.BYTES);
    for (float[] values : arrays) {
      int n;
      for (int at = 0; at < values.length; at += n) {
        n = Math.min(CHUNK, values.length - at);
        read(in, chunk.clear().limit(n * Float.BYTES)).asFloatBuffer().get(values, at, n);
      }
    }
    return found;
  }

  /** Fills a buffer to its limit, and gives it to be read from. */
  private static ByteBuffer read(ReadableByteChannel in, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      if (in.read(bytes) < 0) {
        throw new EOFException("the file ends early");
      }
    }
    return bytes.flip();
  }

  private static boolean intact(SeekableByteChannel in) throws IOException {
    long end = in.size() - Long.BYTES;
    if (in.size() < FIXED
        || !Arrays.equals(read(in.position(0), buffer(MAGIC.length)).array(), MAGIC)) {
      return false;
    }
    CRC32C crc = new CRC32C();
    ByteBuffer chunk = buffer(CHUNK * Float.BYTES);
    in.position(0);
    for (long at = 0; at < end; at += chunk.limit()) {
      crc.update(read(in, chunk.clear().limit((int) Math.min(chunk.capacity(), end - at))));
    }
    return read(in, buffer(Long.BYTES)).getLong() == crc.getValue();
  }
}

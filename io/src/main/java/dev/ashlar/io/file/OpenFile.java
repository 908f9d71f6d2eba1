package dev.ashlar.io.file;

import dev.ashlar.io.InputException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * A file that is open for reading, little-endian, at any position and alignment.
 *
 * <p>It is read at positions, not mapped: pages of a mapping count as the process's own memory, and
 * stay with it; and where a mapped file is truncated, the system's signal becomes an error that may
 * come after the copy has returned, or ends the JVM. A read beyond the end is an {@link
 * InputException} here. Header and data come from one open file, so replacing it in between cannot
 * mix two.
 *
 * <p>Safe for use by several threads, which read at the same time. Interrupting one of them closes
 * a channel under all: it is opened again, and the interrupt left to whoever looks for it.
 */
public final class OpenFile implements AutoCloseable {
  /** Bytes that are read at a time: they stay in the processor's cache until they are taken out. */
  private static final int CHUNK = 1 << 17;

  private final Path path;
  private final long size;

  /** The identity of the file, where the system has one: its name may come to mean another. */
  private final Object key;

  /** Memory of the system's to read into, as many pieces as threads were reading at a time. */
  private final Queue<ByteBuffer> spares = new ConcurrentLinkedQueue<>();

  private volatile FileChannel channel;
  private volatile boolean closed;

  private OpenFile(Path path, FileChannel channel) throws IOException {
    this.path = path;
    this.channel = channel;
    this.size = channel.size();
    this.key = key(path);
  }

  /**
   * Opens {@code path}.
   *
   * @throws InputException if it is not a regular file or cannot be read
   */
  public static OpenFile open(Path path) {
    WholeFile.requireRegular(path);
    try {
      FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
      try {
        return new OpenFile(path, channel);
      } catch (IOException e) {
        channel.close();
        throw e;
      }
    } catch (IOException e) {
      throw InputException.unreadable(path, e);
    }
  }

  private static Object key(Path path) throws IOException {
    return Files.readAttributes(path, BasicFileAttributes.class).fileKey();
  }

  public Path path() {
    return path;
  }

  /** Length of the file in bytes when it was opened. */
  public long size() {
    return size;
  }

  /** Reads {@code count} bytes from file position {@code position}. */
  public void bytes(long position, byte[] target, int offset, int count) {
    read(position, count, 1, (b, i, n) -> b.get(target, offset + i, n));
  }

  /** Reads {@code count} 16-bit words from file position {@code position}. */
  public void shorts(long position, short[] target, int offset, int count) {
    read(position, count, Short.BYTES, (b, i, n) -> b.asShortBuffer().get(target, offset + i, n));
  }

  /** Reads {@code count} 32-bit words from file position {@code position}. */
  public void ints(long position, int[] target, int offset, int count) {
    read(position, count, Integer.BYTES, (b, i, n) -> b.asIntBuffer().get(target, offset + i, n));
  }

  /** Reads {@code count} 64-bit words from file position {@code position}. */
  public void longs(long position, long[] target, int offset, int count) {
    read(position, count, Long.BYTES, (b, i, n) -> b.asLongBuffer().get(target, offset + i, n));
  }

  /** Reads {@code count} floats from file position {@code position}. */
  public void floats(long position, float[] target, int offset, int count) {
    read(position, count, Float.BYTES, (b, i, n) -> b.asFloatBuffer().get(target, offset + i, n));
  }

  /** A little-endian copy of {@code count} bytes from file position {@code position}. */
  public ByteBuffer buffer(long position, int count) {
    byte[] copy = new byte[count];
    bytes(position, copy, 0, count);
    return ByteBuffer.wrap(copy).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Takes {@code n} words out of a buffer to the {@code i}-th place and on. */
  @FunctionalInterface
  private interface Target {
    void take(ByteBuffer from, int i, int n);
  }

  private void read(long position, int count, int width, Target target) {
    if (count == 0) {
      // Nothing lies anywhere, also behind the end of a file whose padding was left out.
      return;
    }
    Objects.checkFromIndexSize(position, Math.multiplyFull(count, width), size);
    ByteBuffer spare = spares.poll();
    ByteBuffer chunk =
        spare != null ? spare : ByteBuffer.allocateDirect(CHUNK).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0, n; i < count; i += n) {
      n = Math.min(count - i, CHUNK / width);
      fill(position + Math.multiplyFull(i, width), chunk.clear().limit(n * width));
      target.take(chunk.flip(), i, n);
    }
    spares.add(chunk);
  }

  private void fill(long position, ByteBuffer chunk) {
    boolean interrupted = false;
    try {
      while (chunk.hasRemaining()) {
        FileChannel open = channel;
        try {
          if (open.read(chunk, position + chunk.position()) < 0) {
            throw changed("was truncated", null);
          }
        } catch (ClosedChannelException e) {
          interrupted |= Thread.interrupted();
          reopen(open);
        } catch (IOException e) {
          throw InputException.unreadable(path, e);
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Opens the file again, once for all threads whose channel {@code gone} was. */
  private synchronized void reopen(FileChannel gone) {
    if (closed) {
      throw new IllegalStateException(path + " is closed");
    }
    if (channel != gone) {
      return;
    }
    try {
      FileChannel again = FileChannel.open(path, StandardOpenOption.READ);
      channel = again; // closed with this, also if it is another file
      if (again.size() != size || !Objects.equals(key, key(path))) {
        throw changed("became another file", null);
      }
    } catch (ClosedChannelException e) {
      return; // interrupted once more: the next read comes back
    } catch (IOException e) {
      throw changed("went away", e);
    }
  }

  private InputException changed(String how, IOException cause) {
    return InputException.in(path)
        .problem(how + " while it was open")
        .hint("do not change a model's files while it is in use")
        .cause(cause)
        .exception();
  }

  @Override
  public synchronized void close() {
    closed = true;
    try {
      channel.close();
    } catch (IOException e) {
      throw InputException.unreadable(path, e);
    }
  }
}

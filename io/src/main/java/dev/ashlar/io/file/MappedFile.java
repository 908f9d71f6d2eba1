package dev.ashlar.io.file;

import dev.ashlar.io.InputException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Objects;

/**
 * A file mapped for reading, little-endian, at any alignment.
 *
 * <p>Everything is copied out and nothing else: a copy from a mapping whose file was truncated
 * throws an {@code InternalError}, which becomes a {@link InputException} here, whereas a compiled
 * vector load straight from such a mapping kills the JVM. Header and data come from one open
 * channel, so replacing the file in between cannot mix two files. Safe for use by several threads.
 */
public final class MappedFile implements AutoCloseable {
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final Path path;
  private final Arena arena;
  private final MemorySegment bytes;

  /**
   * The identity of the mapped file, where the system has one: its name may come to mean another.
   */
  private final Object key;

  private MappedFile(Path path, Arena arena, MemorySegment bytes, Object key) {
    this.path = path;
    this.arena = arena;
    this.bytes = bytes;
    this.key = key;
  }

  /** Maps all of {@code path}. */
  public static MappedFile open(Path path) {
    WholeFile.requireRegular(path);
    Arena arena = Arena.ofShared();
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      MemorySegment bytes = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
      Object key = Files.readAttributes(path, BasicFileAttributes.class).fileKey();
      return new MappedFile(path, arena, bytes, key);
    } catch (IOException e) {
      arena.close();
      throw InputException.unreadable(path, e);
    }
  }

  public Path path() {
    return path;
  }

  /** Length of the file in bytes when it was opened. */
  public long size() {
    return bytes.byteSize();
  }

  /** Copies {@code count} bytes from file position {@code position}. */
  public void bytes(long position, byte[] target, int offset, int count) {
    copy(() -> MemorySegment.copy(bytes, ValueLayout.JAVA_BYTE, position, target, offset, count));
  }

  /** Copies {@code count} 16-bit words from file position {@code position}. */
  public void shorts(long position, short[] target, int offset, int count) {
    copy(() -> MemorySegment.copy(bytes, SHORT, position, target, offset, count));
  }

  /** Copies {@code count} 32-bit words from file position {@code position}. */
  public void ints(long position, int[] target, int offset, int count) {
    copy(() -> MemorySegment.copy(bytes, INT, position, target, offset, count));
  }

  /** Copies {@code count} 64-bit words from file position {@code position}. */
  public void longs(long position, long[] target, int offset, int count) {
    copy(() -> MemorySegment.copy(bytes, LONG, position, target, offset, count));
  }

  /** Copies {@code count} floats from file position {@code position}. */
  public void floats(long position, float[] target, int offset, int count) {
    copy(() -> MemorySegment.copy(bytes, FLOAT, position, target, offset, count));
  }

  /** A little-endian copy of {@code count} bytes from file position {@code position}. */
  public ByteBuffer buffer(long position, int count) {
    byte[] copy = new byte[count];
    bytes(position, copy, 0, count);
    return ByteBuffer.wrap(copy).order(ByteOrder.LITTLE_ENDIAN);
  }

  private void copy(Runnable read) {
    refuseIfTruncated();
    try {
      read.run();
    } catch (InternalError e) {
      throw changed(e);
    }
  }

  /**
   * Looks at the file's length before each copy. The error that a fault raises in compiled code is
   * delivered some instructions late, perhaps after the copy has returned, and the rest of a last
   * page reads as zeros without any error: the catch alone would not do.
   */
  private void refuseIfTruncated() {
    try {
      BasicFileAttributes now = Files.readAttributes(path, BasicFileAttributes.class);
      if (now.size() < size() && Objects.equals(key, now.fileKey())) {
        throw changed(null);
      }
    } catch (IOException ignored) {
      // Deleted or moved: the mapping keeps the old file.
    }
  }

  private InputException changed(InternalError cause) {
    return InputException.in(path)
        .problem("was truncated or could not be read while it was open")
        .hint("do not change a model's files while it is in use")
        .cause(cause)
        .exception();
  }

  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }
}

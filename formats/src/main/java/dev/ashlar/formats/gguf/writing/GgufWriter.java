package dev.ashlar.formats.gguf.writing;

import dev.ashlar.formats.gguf.GgufType;
import dev.ashlar.io.file.AtomicFile;
import dev.ashlar.tensor.Shape;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * One GGUF file (version 3, little-endian) being written: tensors are collected in a spool in order
 * of arrival and copied behind the header, which can only be made when all are known. The file
 * appears under its name whole, or not at all.
 */
public final class GgufWriter implements AutoCloseable {
  private static final int ALIGNMENT = 32;
  private static final int VERSION = 3;
  private static final int LONGEST_NAME = 63;

  private final Path file;
  private final Path spool;
  private final FileChannel channel;
  private final Map<String, Object> metadata = new LinkedHashMap<>();
  private final List<Entry> entries = new ArrayList<>();
  private final Set<String> names = new HashSet<>();
  private Path laidOut;
  private boolean published;

  /**
   * @param bytes without padding
   */
  private record Entry(String name, GgufType type, Shape shape, long offset, long bytes) {}

  /**
   * Begins a file in a folder that exists.
   *
   * @throws dev.ashlar.io.InputException if nothing can be written there
   */
  public GgufWriter(Path file) {
    this.file = file;
    try {
      AtomicFile.Temporary temporary =
          AtomicFile.create(file.resolveSibling(file.getFileName() + ".spool"));
      this.spool = temporary.path();
      this.channel = temporary.channel();
    } catch (IOException e) {
      throw AtomicFile.cannotWrite(file, e);
    }
  }

  /**
   * Sets a key of the metadata.
   *
   * @param value {@code Long} (unsigned, 32 bits where it fits, else 64), {@code Integer} (signed),
   *     {@code Float}, {@code Double}, {@code Boolean}, {@code String}, or a list of one of these
   */
  public void put(String key, Object value) {
    metadata.put(key, value);
  }

  /**
   * Begins a tensor, whose bytes are then given to {@link #bytes} in order.
   *
   * @param shape outermost first; rows are whole blocks of the type
   * @throws IllegalArgumentException if the name was written before, or the container cannot hold
   *     it
   */
  public void begin(String name, GgufType type, Shape shape) {
    long in = shape.rank() == 0 ? 1 : shape.dim(-1);
    if (shape.rank() > 4 || in % type.elements() != 0) {
      throw new IllegalArgumentException(name + ": " + shape + " is no shape for " + type);
    }
    if (name.getBytes(StandardCharsets.UTF_8).length > LONGEST_NAME || !names.add(name)) {
      throw new IllegalArgumentException(name + ": written twice, or too long a name");
    }
    try {
      pad();
      long bytes = Math.multiplyExact(shape.size() / type.elements(), (long) type.bytes());
      entries.add(new Entry(name, type, shape, channel.position(), bytes));
    } catch (IOException e) {
      throw AtomicFile.cannotWrite(file, e);
    }
  }

  /** Fills up to where the next tensor may begin, having checked that the last one is complete. */
  private void pad() throws IOException {
    long end = channel.position();
    if (!entries.isEmpty() && end != entries.getLast().offset + entries.getLast().bytes) {
      throw new IllegalStateException(entries.getLast().name + " was not completed");
    }
    write(channel, ByteBuffer.allocate((int) (Math.ceilDiv(end, ALIGNMENT) * ALIGNMENT - end)));
  }

  /** Takes bytes of the present tensor. */
  public void bytes(byte[] values, int offset, int count) {
    try {
      write(channel, ByteBuffer.wrap(values, offset, count));
    } catch (IOException e) {
      throw AtomicFile.cannotWrite(file, e);
    }
  }

  private static void write(FileChannel out, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      out.write(bytes);
    }
  }

  /** Bytes of all tensors so far, without padding. */
  public long totalBytes() {
    return entries.stream().mapToLong(Entry::bytes).sum();
  }

  /** Names of all tensors so far. */
  public Set<String> names() {
    return names;
  }

  /**
   * Lays the file out under a temporary name and syncs it, so that it can be read and checked
   * before it takes another's place. No tensor can be added any more.
   *
   * @return the temporary file
   * @throws IllegalStateException if the last tensor was given too few or too many bytes
   */
  public Path prepare() {
    if (laidOut != null) {
      return laidOut;
    }
    try {
      pad();
      AtomicFile.Temporary temporary = AtomicFile.create(file);
      boolean done = false;
      try (FileChannel out = temporary.channel()) {
        write(out, ByteBuffer.wrap(header()));
        AtomicFile.transfer(channel, 0, channel.size(), out);
        out.force(true);
        done = true;
      } finally {
        if (!done) {
          AtomicFile.delete(temporary.path());
        }
      }
      laidOut = temporary.path();
      channel.close();
      AtomicFile.delete(spool);
      return laidOut;
    } catch (IOException e) {
      throw AtomicFile.cannotWrite(file, e);
    }
  }

  /** Publishes the file, having {@linkplain #prepare prepared} it. */
  public void finish() {
    prepare();
    try {
      AtomicFile.publish(laidOut, file);
      published = true;
      AtomicFile.syncFolder(file.toAbsolutePath().getParent());
    } catch (IOException e) {
      throw AtomicFile.cannotWrite(file, e);
    }
  }

  private byte[] header() {
    Header out = new Header();
    out.raw("GGUF".getBytes(StandardCharsets.US_ASCII));
    out.u32(VERSION);
    out.u64(entries.size());
    out.u64(metadata.size());
    metadata.forEach(
        (key, value) -> {
          out.string(key);
          out.u32(Header.type(value));
          out.value(value);
        });
    for (Entry e : entries) {
      out.string(e.name);
      out.u32(e.shape.rank());
      for (int d = e.shape.rank() - 1; d >= 0; d--) {
        out.u64(e.shape.dim(d));
      }
      out.u32(e.type.id());
      out.u64(e.offset);
    }
    out.raw(new byte[Math.ceilDiv(out.bytes.size(), ALIGNMENT) * ALIGNMENT - out.bytes.size()]);
    return out.bytes.toByteArray();
  }

  /** Releases everything; what was not published is removed. */
  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException ignored) {
      // It is deleted anyway.
    }
    AtomicFile.delete(spool);
    if (laidOut != null && !published) {
      AtomicFile.delete(laidOut);
    }
  }

  /** Words of the header. */
  private static final class Header {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    static int type(Object value) {
      return switch (value) {
        case Long n -> n >>> 32 == 0 ? 4 : 10;
        case Integer n -> 5;
        case Float x -> 6;
        case Boolean b -> 7;
        case String s -> 8;
        case List<?> list -> 9;
        case Double x -> 12;
        default -> throw new IllegalArgumentException("no metadata: " + value.getClass());
      };
    }

    void raw(byte[] values) {
      bytes.writeBytes(values);
    }

    void u32(int value) {
      raw(words(Integer.BYTES).putInt(value).array());
    }

    void u64(long value) {
      raw(words(Long.BYTES).putLong(value).array());
    }

    private static ByteBuffer words(int size) {
      return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    }

    void string(String text) {
      byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
      u64(utf8.length);
      raw(utf8);
    }

    void value(Object value) {
      switch (value) {
        case Long n -> {
          if (type(n) == 4) {
            u32((int) (long) n);
          } else {
            u64(n);
          }
        }
        case Integer n -> u32(n);
        case Float x -> u32(Float.floatToRawIntBits(x));
        case Boolean b -> raw(new byte[] {(byte) (b ? 1 : 0)});
        case String s -> string(s);
        case Double x -> u64(Double.doubleToRawLongBits(x));
        case List<?> list -> {
          // Of numbers, the widest decides; an empty list is one of texts.
          int type = list.stream().mapToInt(Header::type).max().orElse(8);
          u32(type);
          u64(list.size());
          for (Object element : list) {
            if (type == 10) {
              u64((Long) element);
            } else if (type(element) == type) {
              value(element);
            } else {
              throw new IllegalArgumentException("metadata of two kinds in one list");
            }
          }
        }
        default -> throw new IllegalArgumentException("no metadata: " + value.getClass());
      }
    }
  }
}

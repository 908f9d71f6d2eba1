package dev.ashlar.formats.safetensors;

import dev.ashlar.io.file.AtomicFile;
import dev.ashlar.io.json.JsonWriter;
import dev.ashlar.tensor.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One file being written: its tensors are collected in a spool in order of arrival, then copied
 * behind a header in the order of the format.
 */
final class Shard {
  private static final int BUFFER = 1 << 18;

  private final Path named;
  private final Path spool;
  private final FileChannel channel;
  private final ByteBuffer buffer;
  private final List<Entry> entries = new ArrayList<>();
  private long bytes;
  private boolean spooling = true;
  private Path file;

  /**
   * @param type element type
   * @param start where its bytes begin in the spool
   */
  private record Entry(String name, SafetensorsType type, Shape shape, long start, long bytes) {}

  Shard(Path folder, String name) throws IOException {
    this.named = folder.resolve(name + ".safetensors");
    AtomicFile.Temporary temporary = AtomicFile.create(folder.resolve(name + ".spool"));
    this.spool = temporary.path();
    this.channel = temporary.channel();
    this.buffer = ByteBuffer.allocateDirect(BUFFER).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Bytes of the tensors so far. */
  long bytes() {
    return bytes;
  }

  /** The sealed file under its temporary name; null before it is sealed. */
  Path file() {
    return file;
  }

  List<String> names() {
    return entries.stream().map(Entry::name).toList();
  }

  TensorOutput begin(String name, SafetensorsType type, Shape shape, long size) {
    entries.add(new Entry(name, type, shape, bytes, size));
    bytes += size;
    buffer.clear();
    return new TensorOutput(named, channel, buffer, name, type, size);
  }

  /** Lays the file out, syncs it and removes the spool. */
  void seal(Map<String, String> metadata) throws IOException {
    if (channel.position() != bytes) {
      throw new IllegalStateException("the last tensor of " + named + " was not completed");
    }
    entries.sort(
        Comparator.comparing(Entry::type)
            .reversed()
            .thenComparing(
                e -> e.name().getBytes(StandardCharsets.UTF_8), Arrays::compareUnsigned));
    AtomicFile.Temporary laidOut = AtomicFile.create(named);
    file = laidOut.path();
    try (FileChannel out = laidOut.channel()) {
      ByteBuffer header = header(metadata);
      while (header.hasRemaining()) {
        out.write(header);
      }
      for (Entry e : entries) {
        AtomicFile.transfer(channel, e.start(), e.bytes(), out);
      }
      out.force(true);
    }
    channel.close();
    AtomicFile.delete(spool);
    spooling = false;
  }

  private ByteBuffer header(Map<String, String> metadata) {
    Map<String, Object> json = new LinkedHashMap<>();
    if (!metadata.isEmpty()) {
      json.put(SafetensorsFile.METADATA, metadata);
    }
    long at = 0;
    for (Entry e : entries) {
      Map<String, Object> info = new LinkedHashMap<>();
      info.put("dtype", e.type().name());
      info.put("shape", Arrays.stream(e.shape().toArray()).boxed().toList());
      info.put("data_offsets", List.of(at, at + e.bytes()));
      json.put(e.name(), info);
      at += e.bytes();
    }
    byte[] text = JsonWriter.compact(json).getBytes(StandardCharsets.UTF_8);
    int padded = Math.ceilDiv(text.length, 8) * 8;
    ByteBuffer header = ByteBuffer.allocate(Long.BYTES + padded).order(ByteOrder.LITTLE_ENDIAN);
    header.putLong(padded).put(text);
    while (header.hasRemaining()) {
      header.put((byte) ' ');
    }
    return header.flip();
  }

  /** Removes whatever has not been published under a final name. */
  void discard() {
    if (spooling) {
      try {
        channel.close();
      } catch (IOException ignored) {
        // It is deleted anyway.
      }
      AtomicFile.delete(spool);
    }
    if (file != null) {
      AtomicFile.delete(file);
    }
  }
}

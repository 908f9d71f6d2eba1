package dev.ashlar.formats.hub;

import dev.ashlar.io.file.AtomicFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.function.BooleanSupplier;

/**
 * A blob under way: its bytes at their places, and behind them a byte for each range that is there
 * in full, so that a download goes on after a kill.
 *
 * <p>A name of our own: tools that append to a {@code .incomplete} file would take its length for
 * what is there.
 */
final class PartFile implements AutoCloseable {
  /** Ends the names of these files. */
  static final String SUFFIX = ".ashlar-part";

  private static final int CHUNK = 1 << 20;

  private final Path path;
  private final FileChannel channel;
  private final HubFile file;
  private final long range;
  private final boolean[] there;

  private PartFile(Path path, FileChannel channel, HubFile file, long range) {
    this.path = path;
    this.channel = channel;
    this.file = file;
    this.range = range;
    this.there = new boolean[Math.toIntExact((file.size() + range - 1) / range)];
  }

  /**
   * Opens the part file of a blob, or begins one.
   *
   * @param range bytes of each range but the last
   */
  static PartFile open(Path blob, HubFile file, long range) throws IOException {
    Path path = blob.resolveSibling(blob.getFileName() + SUFFIX);
    FileChannel channel =
        FileChannel.open(
            path,
            StandardOpenOption.CREATE,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE,
            LinkOption.NOFOLLOW_LINKS);
    PartFile part = new PartFile(path, channel, file, range);
    try {
      part.take();
      return part;
    } catch (IOException e) {
      channel.close();
      throw e;
    }
  }

  /** Takes what an earlier run left, if it went by the same ranges. */
  private void take() throws IOException {
    if (channel.size() == file.size()) {
      // It was killed between the last range and the check.
      java.util.Arrays.fill(there, true);
    } else if (channel.size() == file.size() + there.length) {
      ByteBuffer marks = ByteBuffer.allocate(there.length);
      for (long at = file.size(); marks.hasRemaining(); ) {
        int n = channel.read(marks, at + marks.position());
        if (n < 0) {
          throw new IOException("the file became shorter while it was read");
        }
      }
      for (int i = 0; i < there.length; i++) {
        there[i] = marks.get(i) == 1;
      }
    } else {
      restart();
    }
  }

  /** Forgets all that is there. */
  void restart() throws IOException {
    java.util.Arrays.fill(there, false);
    channel.truncate(0);
    if (there.length > 0) {
      channel.write(ByteBuffer.wrap(new byte[1]), file.size() + there.length - 1);
    }
  }

  FileChannel channel() {
    return channel;
  }

  int ranges() {
    return there.length;
  }

  boolean isThere(int i) {
    return there[i];
  }

  long from(int i) {
    return i * range;
  }

  /** Where a range ends, exclusively. */
  long end(int i) {
    return Math.min(file.size(), (i + 1) * range);
  }

  /** Notes that a range is there in full. */
  void put(int i) throws IOException {
    there[i] = true;
    channel.write(ByteBuffer.wrap(new byte[] {1}), file.size() + i);
  }

  /** Bytes of all ranges that are there. */
  long bytes() {
    long sum = 0;
    for (int i = 0; i < there.length; i++) {
      sum += there[i] ? end(i) - from(i) : 0;
    }
    return sum;
  }

  /**
   * Whether what is there has the checksum that its etag is.
   *
   * @param cancelled asked now and then; the answer is then false
   */
  boolean isRight(BooleanSupplier cancelled) throws IOException {
    MessageDigest digest = digest(file.isLarge() ? "SHA-256" : "SHA-1");
    if (!file.isLarge()) {
      digest.update(("blob " + file.size() + "\0").getBytes(StandardCharsets.US_ASCII));
    }
    ByteBuffer chunk = ByteBuffer.allocate(CHUNK);
    for (long at = 0; at < file.size(); ) {
      chunk.clear().limit((int) Math.min(CHUNK, file.size() - at));
      int n = channel.read(chunk, at);
      if (n < 0 || cancelled.getAsBoolean()) {
        return false;
      }
      digest.update(chunk.flip());
      at += n;
    }
    return HexFormat.of().formatHex(digest.digest()).equals(file.etag());
  }

  private static MessageDigest digest(String name) {
    try {
      return MessageDigest.getInstance(name);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has " + name, e);
    }
  }

  /** Makes it the blob. */
  void publish(Path blob) throws IOException {
    channel.truncate(file.size());
    channel.force(true);
    channel.close();
    AtomicFile.publish(path, blob);
    AtomicFile.syncFolder(blob.toAbsolutePath().getParent());
  }

  /** Bytes that an earlier run left of a blob, or 0. */
  static long left(Path blob, HubFile file, long range) {
    Path path = blob.resolveSibling(blob.getFileName() + SUFFIX);
    if (!Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)) {
      return 0;
    }
    try (PartFile part = open(blob, file, range)) {
      return part.bytes();
    } catch (IOException e) {
      return 0;
    }
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException ignored) {
      // What it holds is checked before it is used.
    }
  }
}

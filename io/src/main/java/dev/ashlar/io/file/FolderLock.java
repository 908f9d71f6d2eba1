package dev.ashlar.io.file;

import dev.ashlar.io.InputException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Keeps two writers, of this process or another, from writing the same files at once. */
public final class FolderLock implements AutoCloseable {
  private static final String SUFFIX = ".ashlar-lock";

  /** All that a lock file holds; an empty one is of a run that was killed before it wrote this. */
  private static final byte[] MARK = "a lock of ashlar\n".getBytes(StandardCharsets.US_ASCII);

  private final Path file;
  private final FileChannel channel;
  private final FileLock lock;

  private FolderLock(Path file, FileChannel channel, FileLock lock) {
    this.file = file;
    this.channel = channel;
    this.lock = lock;
  }

  /**
   * Takes the lock for files called {@code stem} in {@code folder}.
   *
   * @throws InputException if another writer has it, or something that is no lock has its name
   */
  public static FolderLock take(Path folder, String stem) {
    Path file = file(folder, stem);
    if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)
        && !Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
      // Opening a pipe would wait, and what a link leads to is not ours.
      throw inTheWay(file);
    }
    FileChannel channel = null;
    try {
      channel =
          FileChannel.open(
              file,
              StandardOpenOption.CREATE,
              StandardOpenOption.READ,
              StandardOpenOption.WRITE,
              LinkOption.NOFOLLOW_LINKS);
      FileLock lock = channel.tryLock();
      if (lock != null) {
        mark(file, channel);
        return new FolderLock(file, channel, lock);
      }
      channel.close();
    } catch (OverlappingFileLockException e) {
      closeQuietly(channel);
    } catch (IOException e) {
      closeQuietly(channel);
      throw AtomicFile.cannotWrite(file, e);
    }
    throw InputException.in(folder)
        .problem("is being written by another run")
        .hint("wait for it to end or choose another output folder")
        .exception();
  }

  /** Whether a lock for {@code stem} is there, held or left by a killed run. */
  public static boolean isThere(Path folder, String stem) {
    return Files.isRegularFile(file(folder, stem), LinkOption.NOFOLLOW_LINKS);
  }

  private static Path file(Path folder, String stem) {
    return folder.resolve("." + stem + SUFFIX);
  }

  private static void mark(Path file, FileChannel channel) throws IOException {
    if (channel.size() == 0) {
      channel.write(ByteBuffer.wrap(MARK), 0);
      return;
    }
    ByteBuffer found = ByteBuffer.allocate(MARK.length);
    channel.read(found, 0);
    if (channel.size() != MARK.length || !found.flip().equals(ByteBuffer.wrap(MARK))) {
      channel.close();
      throw inTheWay(file);
    }
  }

  private static InputException inTheWay(Path file) {
    return InputException.in(file)
        .problem("is in the way: a lock is kept under that name, and this is none")
        .hint("move it away or choose another output folder")
        .exception();
  }

  @Override
  public void close() {
    // Deleted while still held, so that nobody can take a lock on a name that is about to go.
    AtomicFile.delete(file);
    try (channel) {
      lock.release();
    } catch (IOException ignored) {
      // The system releases the lock with the channel.
    }
  }

  private static void closeQuietly(FileChannel channel) {
    try {
      if (channel != null) {
        channel.close();
      }
    } catch (IOException ignored) {
      // Nothing was written through it.
    }
  }
}

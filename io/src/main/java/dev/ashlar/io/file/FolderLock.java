package dev.ashlar.io.file;

import dev.ashlar.io.InputException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Keeps two writers, of this process or another, from writing the same files at once. */
public final class FolderLock implements AutoCloseable {
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
   * @throws InputException if another writer has it
   */
  public static FolderLock take(Path folder, String stem) {
    Path file = folder.resolve("." + stem + ".ashlar-lock");
    FileChannel channel = null;
    try {
      channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      FileLock lock = channel.tryLock();
      if (lock != null) {
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

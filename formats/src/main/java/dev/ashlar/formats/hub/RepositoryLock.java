package dev.ashlar.formats.hub;

import dev.ashlar.io.file.AtomicFile;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;

/**
 * Holds a repository of the cache for one download or removal at a time, of this process or another
 * Ashlar. Python's tools hold other locks; that both work at once costs a download and no file,
 * since blobs are published whole.
 */
final class RepositoryLock implements AutoCloseable {
  private static final long LOOK_MILLIS = 100;

  private final FileChannel channel;

  private RepositoryLock(FileChannel channel) {
    this.channel = channel;
  }

  /**
   * Waits until nobody else holds it. The file stays: deleting it could give two the lock.
   *
   * @param name the repository's folder
   */
  static RepositoryLock take(HubCache cache, String name, HubListener listener) {
    Path file = cache.folder().resolve(".locks").resolve(name).resolve("ashlar.lock");
    try {
      Files.createDirectories(file.getParent());
      FileChannel channel =
          FileChannel.open(
              file, StandardOpenOption.CREATE, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
      try {
        wait(channel, name, listener);
        return new RepositoryLock(channel);
      } catch (IOException | RuntimeException e) {
        channel.close();
        throw e;
      }
    } catch (IOException e) {
      throw AtomicFile.cannotWrite(file, e);
    }
  }

  private static void wait(FileChannel channel, String name, HubListener listener)
      throws IOException {
    boolean said = false;
    while (!isTaken(channel)) {
      if (!said) {
        said = true;
        listener.note("waiting for another run that is changing " + name + " in the cache");
      }
      if (listener.cancelled()) {
        throw new CancellationException("cancelled");
      }
      try {
        TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
      } catch (InterruptedException e) {
        throw HubClient.interrupted();
      }
    }
  }

  private static boolean isTaken(FileChannel channel) throws IOException {
    try {
      FileLock lock = channel.tryLock();
      return lock != null;
    } catch (OverlappingFileLockException e) {
      return false;
    }
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException ignored) {
      // The lock goes with the process at the latest.
    }
  }
}

package dev.ashlar.io.file;

import dev.ashlar.io.InputException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Optional;

/** Keeps two writers, of this process or another, from writing the same files at once. */
public final class FolderLock implements AutoCloseable {
  private static final String SUFFIX = ".ashlar-lock";

  /** Whoever finds the file gone each time is one of many that wait for it. */
  private static final int TRIES = 100;

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
    for (int i = 0; i < TRIES; i++) {
      Optional<FolderLock> taken = tryTake(folder, file);
      if (taken.isPresent()) {
        return taken.get();
      }
    }
    throw held(folder);
  }

  /** Empty if the file that was locked was not, or is no longer, the one of that name. */
  private static Optional<FolderLock> tryTake(Path folder, Path file) {
    if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)
        && !Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
      // Opening a pipe would wait, and what a link leads to is not ours.
      throw inTheWay(file);
    }
    FileChannel channel = null;
    FileLock lock = null;
    boolean taken = false;
    try {
      make(file);
      // Known before it is opened: while it is open, no other file can be given the same key.
      Optional<Object> known = key(file);
      channel =
          FileChannel.open(
              file, StandardOpenOption.READ, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
      lock = channel.tryLock();
      if (lock == null) {
        throw held(folder);
      }
      if (known.isEmpty() || !known.equals(key(file))) {
        // Whoever had it has removed it meanwhile: somebody else may have one of that name.
        return Optional.empty();
      }
      mark(file, channel);
      taken = true;
      return Optional.of(new FolderLock(file, channel, lock));
    } catch (NoSuchFileException e) {
      if (!Files.isDirectory(folder)) {
        throw AtomicFile.cannotWrite(file, e);
      }
      return Optional.empty();
    } catch (OverlappingFileLockException e) {
      throw held(folder);
    } catch (IOException e) {
      if (lock != null) {
        AtomicFile.delete(file);
      }
      throw AtomicFile.cannotWrite(file, e);
    } finally {
      if (!taken) {
        closeQuietly(channel);
      }
    }
  }

  private static void make(Path file) throws IOException {
    try {
      Files.createFile(file);
    } catch (FileAlreadyExistsException e) {
      // Somebody's, or left by a killed run.
    }
  }

  /**
   * What tells a file from another that had the name before; the name itself where the system has
   * no such thing, which then does not let go of a file that is open.
   */
  private static Optional<Object> key(Path file) throws IOException {
    try {
      Object key =
          Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
              .fileKey();
      return Optional.of(key == null ? file : key);
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }

  private static InputException held(Path folder) {
    return InputException.in(folder)
        .problem("is being written by another run")
        .hint("wait for it to end or choose another output folder")
        .exception();
  }

  /** Whether a lock for {@code stem} is there, held or left by a killed run. */
  public static boolean isThere(Path folder, String stem) {
    return Files.isRegularFile(file(folder, stem), LinkOption.NOFOLLOW_LINKS);
  }

  /**
   * Removes the lock for {@code stem} that a killed run left.
   *
   * @return whether there was one
   * @throws InputException if a living run has it
   */
  public static boolean removeStale(Path folder, String stem) {
    if (!isThere(folder, stem)) {
      return false;
    }
    take(folder, stem).close();
    return true;
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

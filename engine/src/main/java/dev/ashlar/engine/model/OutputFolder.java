package dev.ashlar.engine.model;

import dev.ashlar.io.InputException;
import dev.ashlar.io.file.FolderLock;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * A folder that a command is about to fill, checked before any work starts: it is new or empty (or
 * may be replaced), can be written to, and nobody else is filling it.
 */
public final class OutputFolder implements AutoCloseable {
  private static final String LOCK = "output";

  private final Path path;
  private final boolean made;
  private final FolderLock lock;

  private OutputFolder(Path path, boolean made, FolderLock lock) {
    this.path = path;
    this.made = made;
    this.lock = lock;
  }

  /**
   * Takes a folder for this process until it is closed.
   *
   * @param force whether what is in it may be replaced
   * @throws InputException if it cannot be used
   */
  public static OutputFolder claim(Path path, boolean force) {
    boolean made = !Files.exists(path);
    if (!made && !Files.isDirectory(path)) {
      throw new InputException(path + ": the output folder is a file; give another --output-dir");
    }
    if (!made && !force && !isEmpty(path)) {
      throw new InputException(
          path + ": the output folder is not empty; give another --output-dir, or --force");
    }
    try {
      Files.createDirectories(path);
      return new OutputFolder(path, made, FolderLock.take(path, LOCK));
    } catch (FileAlreadyExistsException e) {
      throw new InputException(path + ": a file is in the way; give another --output-dir", e);
    } catch (IOException e) {
      throw new InputException(
          path + ": cannot be written to (" + e.getMessage() + "); give another --output-dir", e);
    }
  }

  private static boolean isEmpty(Path folder) {
    try (Stream<Path> entries = Files.list(folder)) {
      // Hidden files are locks and remains of killed runs, which writers remove themselves.
      return entries.allMatch(p -> p.getFileName().toString().startsWith("."));
    } catch (IOException e) {
      throw new InputException(folder + ": cannot be read (" + e.getMessage() + ")", e);
    }
  }

  public Path path() {
    return path;
  }

  /** Lets go of the folder, and removes it if it was made for nothing. */
  @Override
  public void close() {
    lock.close();
    if (made && isEmpty(path)) {
      try {
        Files.deleteIfExists(path);
      } catch (IOException e) {
        // Something appeared in it meanwhile: then it is not ours to remove.
        return;
      }
    }
  }
}

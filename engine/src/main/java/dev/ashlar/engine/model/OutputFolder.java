package dev.ashlar.engine.model;

import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.formats.export.ExportFormats;
import dev.ashlar.io.InputException;
import dev.ashlar.io.file.AtomicFile;
import dev.ashlar.io.file.FolderLock;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * A folder that a command is about to fill, checked before any work starts: it is new or empty (or
 * may be replaced), is no part of the model that is read, can be written to, and nobody else is
 * filling it. What a killed run left in it is removed, whatever formats that run was to write.
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
   * Takes a folder for a copy of {@code source}; see {@link #claim(Path, boolean)}.
   *
   * @throws InputException if it cannot be used, or the model cannot be copied there
   */
  public static OutputFolder claim(Path path, boolean force, Checkpoint source) {
    requireName(path);
    source.requireTarget(path);
    return claim(path, force);
  }

  /**
   * Takes a folder for this process until it is closed.
   *
   * @param force whether what is in it may be replaced
   * @throws InputException if it cannot be used
   */
  public static OutputFolder claim(Path path, boolean force) {
    requireName(path);
    boolean made = !Files.exists(path);
    if (!made && !Files.isDirectory(path)) {
      throw new InputException(path + ": the output folder is a file; give another --output-dir");
    }
    if (!made && !force && !isEmpty(path)) {
      throw new InputException(
          path + ": the output folder is not empty; give another --output-dir, or --force");
    }
    try {
      AtomicFile.createFolders(path);
      FolderLock lock = FolderLock.take(path, LOCK);
      boolean ready = false;
      try {
        removeRemains(path);
        ready = true;
      } finally {
        if (!ready) {
          lock.close();
        }
      }
      return new OutputFolder(path, made, lock);
    } catch (FileAlreadyExistsException e) {
      throw new InputException(path + ": a file is in the way; give another --output-dir", e);
    } catch (IOException e) {
      throw new InputException(
          path
              + ": cannot be written to ("
              + InputException.reason(e)
              + "); give another --output-dir",
          e);
    }
  }

  private static void requireName(Path path) {
    if (path.toString().isEmpty()) {
      throw new InputException("the output folder's name is empty; give --output-dir a folder");
    }
  }

  /** Removes the temporary files and locks of killed runs, here and where each format would be. */
  private static void removeRemains(Path folder) throws IOException {
    List<Path> places = new ArrayList<>(List.of(folder));
    ExportFormats.every().forEach(format -> places.add(format.place(folder, false)));
    for (Path place : places) {
      boolean inside = !place.equals(folder);
      if (inside && !Files.isDirectory(place, LinkOption.NOFOLLOW_LINKS)) {
        continue;
      }
      // First, and of every kind: what a living run has there is not stale.
      boolean found = ExportFormats.removeStaleLocks(place);
      found |= inside && FolderLock.removeStale(place, LOCK);
      found |= AtomicFile.removeStale(place, "");
      if (found && inside && holdsOnly(place, entry -> false)) {
        Files.deleteIfExists(place);
      }
    }
  }

  /** Hidden files are locks and remains of killed runs, which writers remove, or of no concern. */
  private static boolean isEmpty(Path folder) {
    return holdsOnly(
        folder,
        entry ->
            isHidden(entry)
                || Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS)
                    && holdsOnly(entry, OutputFolder::isHidden));
  }

  private static boolean isHidden(Path entry) {
    return entry.getFileName().toString().startsWith(".");
  }

  private static boolean holdsOnly(Path folder, Predicate<Path> kind) {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.allMatch(kind);
    } catch (IOException e) {
      throw InputException.unreadable(folder, e);
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

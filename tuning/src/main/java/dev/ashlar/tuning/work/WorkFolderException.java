package dev.ashlar.tuning.work;

import java.nio.file.Path;

/** A work folder that cannot be used: of another job, in use, or not writable. */
public final class WorkFolderException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient Path path;

  WorkFolderException(Path path, String problem, Throwable cause) {
    super(path + ": " + problem, cause);
    this.path = path;
  }

  /** The folder or file. */
  public Path path() {
    return path;
  }
}

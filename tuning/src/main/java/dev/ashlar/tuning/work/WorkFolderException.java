package dev.ashlar.tuning.work;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** A work folder that cannot be used: of another job, in use, or not writable. */
public final class WorkFolderException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient Path path;

  WorkFolderException(Path path, String problem, Throwable cause) {
    super(path + ": " + problem, cause);
    this.path = path;
  }

  /** That something could not be done with a folder or file, for the system's reason. */
  static WorkFolderException of(Path path, String problem, IOException e) {
    String reason = reason(e);
    boolean full = reason.contains("No space left") || reason.contains("quota");
    String advice =
        full ? "; free some space and run the same command again, which goes on from here" : "";
    return new WorkFolderException(path, problem + " (" + reason + ")" + advice, e);
  }

  /** In words: the message of many of these exceptions is the bare path. */
  private static String reason(IOException e) {
    return switch (e) {
      case NoSuchFileException missing -> "no such file or folder";
      case AccessDeniedException denied -> "permission denied";
      case FileAlreadyExistsException taken -> "a file of that name is there already";
      case FileSystemException other ->
          other.getReason() == null ? "the system gives no reason" : other.getReason();
      default -> e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    };
  }

  /** The folder or file. */
  public Path path() {
    return path;
  }
}

package dev.ashlar.engine.quantize;

import dev.ashlar.tuning.work.Job;
import dev.ashlar.tuning.work.WorkFolder;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Where the finished blocks of a run are kept: a hidden folder inside the output folder, gone when
 * the run has succeeded, or a folder that the user named, which stays.
 */
final class WorkPlace {
  private static final String HIDDEN = ".ashlar-work";
  private static final String JOB = "job.json";

  private final Path folder;
  private final boolean own;

  WorkPlace(Path output, Optional<Path> named) {
    this.folder = named.orElse(output.resolve(HIDDEN));
    this.own = named.isEmpty();
  }

  /** Whether a run into this output folder began and did not end. */
  boolean interrupted() {
    return own && Files.exists(folder.resolve(JOB));
  }

  /** Opens the folder for a job; see {@link WorkFolder#open}. */
  WorkFolder open(Job job, boolean restart) {
    return WorkFolder.open(folder, job, restart);
  }

  /** Removes it after a success, unless the user named it. */
  void remove() {
    if (!own) {
      return;
    }
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
      for (Path file : files) {
        Files.deleteIfExists(file);
      }
      Files.deleteIfExists(folder);
    } catch (IOException e) {
      System.getLogger("dev.ashlar")
          .log(System.Logger.Level.WARNING, folder + " could not be removed (" + e + ")");
    }
  }
}

package dev.ashlar.engine.quantize;

import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.io.InputException;
import dev.ashlar.tuning.work.Job;
import dev.ashlar.tuning.work.WorkFolder;
import dev.ashlar.tuning.work.WorkFolderException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Where the finished blocks of a run are kept: a hidden folder inside the output folder, gone when
 * the run has succeeded, or a folder that the user named, which stays.
 */
final class WorkPlace implements AutoCloseable {
  private static final String HIDDEN = ".ashlar-work";
  private static final String SCORES = ".ashlar-scores.json";

  private final Path output;
  private final Path folder;
  private final boolean own;
  private final boolean restart;
  private WorkFolder open;
  private boolean finished;

  /**
   * @param named by the user
   * @param restart whether units of another job are removed rather than refused
   */
  WorkPlace(Path output, Optional<Path> named, boolean restart) {
    this.output = output;
    this.restart = restart;
    this.folder = named.orElse(output.resolve(HIDDEN));
    this.own = named.isEmpty();
  }

  /**
   * Whether a run into this output folder was interrupted when it put its result in place, so that
   * what is there may be a part of it.
   */
  boolean publishing() {
    return own && WorkFolder.isPublishing(folder);
  }

  /**
   * Refuses a folder in which blocks cannot be kept.
   *
   * @throws InputException if it is the output folder, belongs to the source, or is a link that
   *     somebody laid where ours should be
   */
  void requirePossible(Checkpoint source) {
    if (own) {
      if (Files.isSymbolicLink(folder)) {
        throw InputException.in(folder)
            .problem("is a link, and nothing is written through links that nobody named")
            .hint("remove it or choose another output folder")
            .exception();
      }
      return;
    }
    if (folder.toString().isEmpty()) {
      throw new InputException("the work folder's name is empty; give --work-dir a folder");
    }
    if (sameAsOutput()) {
      throw InputException.in(folder)
          .problem("is the output folder as well as the work folder")
          .hint("leave --work-dir out, which keeps finished blocks hidden there, or name another")
          .exception();
    }
    source.requireApart(folder);
  }

  private boolean sameAsOutput() {
    try {
      return Files.exists(folder) && Files.exists(output)
          ? Files.isSameFile(folder, output)
          : absolute(folder).equals(absolute(output));
    } catch (IOException e) {
      return false;
    }
  }

  private static Path absolute(Path path) {
    return path.toAbsolutePath().normalize();
  }

  /** A file beside it that outlives the run: what was measured of the model before. */
  Path scores() {
    return own ? output.resolve(SCORES) : folder.resolveSibling(folder.getFileName() + SCORES);
  }

  /** Opens the folder for a job, until this is closed; see {@link WorkFolder#open}. */
  WorkFolder open(Job job) {
    open = WorkFolder.open(folder, job, restart);
    return open;
  }

  /** The run has ended well: its blocks are of no use any more. */
  void finished() {
    finished = true;
  }

  /** Removes the hidden folder, unless a later run could go on with what is in it. */
  @Override
  public void close() {
    if (open == null) {
      return;
    }
    boolean useless = finished || open.isEmpty();
    open.close();
    if (!own || !useless) {
      return;
    }
    try {
      WorkFolder.remove(folder);
    } catch (WorkFolderException e) {
      System.getLogger("dev.ashlar").log(System.Logger.Level.WARNING, "{0}", e.getMessage());
    }
  }
}

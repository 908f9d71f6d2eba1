package dev.ashlar.formats.checkpoint;

import java.util.HashSet;
import java.util.Set;

/**
 * Tells a user of decisions taken while reading one checkpoint, each kind once: a wrong declaration
 * is wrong in every layer, and one line is enough.
 */
public final class CheckpointNotes {
  private static final System.Logger LOG = System.getLogger("dev.ashlar.formats");

  private final Set<String> told;
  private final String file;

  /** Notes about the checkpoint of that description. */
  public CheckpointNotes(String file) {
    this(file, new HashSet<>());
  }

  private CheckpointNotes(String file, Set<String> told) {
    this.file = file;
    this.told = told;
  }

  /** Notes about a copy of that description: what was told of the original is known of it. */
  CheckpointNotes ofCopy(String copy) {
    return new CheckpointNotes(copy, told);
  }

  /**
   * Logs a warning the first time its kind occurs, and at debug level afterwards.
   *
   * @param kind what is one and the same decision
   */
  public void tell(String kind, String message) {
    boolean first;
    synchronized (told) {
      first = told.add(kind);
    }
    LOG.log(
        first ? System.Logger.Level.WARNING : System.Logger.Level.DEBUG, "{0}: {1}", file, message);
  }
}

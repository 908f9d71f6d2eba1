package dev.ashlar.engine.device;

/**
 * How much a text, or a measurement, has a model do.
 *
 * @param read tokens that are read in batches, as a prompt's
 * @param written tokens that come one after the other
 */
public record Workload(long read, long written) {
  /** A conversation's, whose length nobody knows beforehand. */
  public static final Workload CONVERSATION = new Workload(1024, 512);

  public Workload {
    read = Math.max(0, read);
    written = Math.max(0, written);
  }
}

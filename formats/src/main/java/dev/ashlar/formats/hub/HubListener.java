package dev.ashlar.formats.hub;

/** Hears how a download goes. All calls come from the thread that asked for it. */
public interface HubListener {
  /** Hears nothing. */
  HubListener SILENT = new HubListener() {};

  /** Something that happened on the way and is no cause for worry, as one sentence. */
  default void note(String sentence) {}

  /**
   * Asked often: whether the download shall end. It then ends with a {@link
   * java.util.concurrent.CancellationException}, and goes on where it was when it is asked for
   * again.
   */
  default boolean cancelled() {
    return false;
  }

  /**
   * Files begin to be fetched.
   *
   * @param what the repository
   * @param bytes of all of them together
   * @return hears how far they are, and is closed when that ends
   */
  default Progress begin(String what, long bytes) {
    return Progress.SILENT;
  }

  /** Hears how many bytes are there. */
  interface Progress extends AutoCloseable {
    /** Hears nothing. */
    Progress SILENT = (bytes, file) -> {};

    /**
     * Notes that {@code bytes} are there; may become fewer where a server makes it necessary to
     * begin again.
     *
     * @param file one that is under way
     */
    void at(long bytes, String file);

    /** A file is whole, and its checksum right. */
    default void finished(String file) {}

    @Override
    default void close() {}
  }
}

package dev.ashlar.io.file;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;

/** Files that are no regular ones. */
final class Special {
  private Special() {}

  /** Makes a named pipe, or skips the test where there are none. */
  static Path pipe(Path path) throws IOException {
    try {
      Process made = new ProcessBuilder("mkfifo", path.toString()).inheritIO().start();
      Assumptions.assumeTrue(made.waitFor() == 0, "skipped: no pipe could be made");
    } catch (IOException e) {
      Assumptions.abort("skipped: there is no mkfifo");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
    return path;
  }
}

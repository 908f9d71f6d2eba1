package dev.ashlar.text;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;

/** The folder of large or third-party files, which may be absent. */
public final class Shared {
  private Shared() {}

  /** A path in it; the test is aborted visibly if it is not there. */
  public static Path path(String relative) {
    String root = System.getProperty("ashlar.shared", "");
    Path path = Path.of(root).resolve(relative);
    Assumptions.assumeTrue(
        !root.isEmpty() && Files.exists(path), () -> "skipped: no shared file " + path);
    return path;
  }
}

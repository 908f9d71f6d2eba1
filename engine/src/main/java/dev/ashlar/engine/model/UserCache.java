package dev.ashlar.engine.model;

import java.nio.file.Path;

/** Where what can be made again is kept for the user. */
public final class UserCache {
  private UserCache() {}

  /**
   * {@code $XDG_CACHE_HOME/ashlar}, which is {@code ~/.cache/ashlar} where nothing else is set; it
   * may not be there yet.
   */
  public static Path folder() {
    String set = System.getenv("XDG_CACHE_HOME");
    Path base =
        set == null || set.isEmpty()
            ? Path.of(System.getProperty("user.home"), ".cache")
            : Path.of(set);
    return base.resolve("ashlar");
  }
}

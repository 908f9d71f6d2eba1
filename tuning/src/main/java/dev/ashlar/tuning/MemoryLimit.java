package dev.ashlar.tuning;

import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * How much memory a run may take. It never changes what a run computes.
 *
 * @param bytes of the whole process; empty for as much as it likes
 * @param spillFolder where activations lie that do not fit; empty for the system's temporary folder
 */
public record MemoryLimit(OptionalLong bytes, Optional<Path> spillFolder) {
  /** No limit. */
  public static MemoryLimit none() {
    return new MemoryLimit(OptionalLong.empty(), Optional.empty());
  }

  /** A limit of so many bytes. */
  public static MemoryLimit of(long bytes) {
    return new MemoryLimit(OptionalLong.of(bytes), Optional.empty());
  }

  /** The folder for activations that do not fit. */
  public Path folder() {
    return spillFolder.orElseGet(() -> Path.of(System.getProperty("java.io.tmpdir")));
  }
}

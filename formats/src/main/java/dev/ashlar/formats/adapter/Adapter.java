package dev.ashlar.formats.adapter;

import java.nio.file.Path;
import java.util.List;

/**
 * An adapter on disk, open for reading; its tensors are read when they are asked for. Opened by
 * {@link Adapters#open}, and owns the mapping of its file until it is closed.
 */
public final class Adapter implements AutoCloseable {
  private final Path path;
  private final List<LowRank> parts;
  private final Runnable closing;

  Adapter(Path path, List<LowRank> parts, Runnable closing) {
    this.path = path;
    this.parts = List.copyOf(parts);
    this.closing = closing;
  }

  /** The file of its tensors. */
  public Path path() {
    return path;
  }

  /** The changes, one for each linear map, in the order of the file. */
  public List<LowRank> parts() {
    return parts;
  }

  @Override
  public void close() {
    closing.run();
  }
}

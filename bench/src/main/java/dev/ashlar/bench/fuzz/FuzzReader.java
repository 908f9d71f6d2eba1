package dev.ashlar.bench.fuzz;

import java.io.IOException;
import java.nio.file.Path;

/** Reads bytes as a kind of file; what it refuses, it refuses in one sentence. */
@FunctionalInterface
interface FuzzReader {
  /**
   * Reads as far as a program would.
   *
   * @param scratch a folder of the reader's own
   */
  void read(byte[] data, Path scratch) throws IOException;
}

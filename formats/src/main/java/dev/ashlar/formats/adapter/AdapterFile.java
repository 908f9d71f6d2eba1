package dev.ashlar.formats.adapter;

import java.nio.file.Path;

/**
 * An adapter to apply.
 *
 * @param path a PEFT folder, or a GGUF file
 * @param scale how strongly it counts, beside its own scale; 1 as it was trained
 */
public record AdapterFile(Path path, double scale) {
  public AdapterFile {
    if (!Double.isFinite(scale)) {
      throw new IllegalArgumentException("an adapter's scale must be a number: " + scale);
    }
  }
}

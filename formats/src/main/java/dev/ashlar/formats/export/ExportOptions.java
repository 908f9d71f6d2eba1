package dev.ashlar.formats.export;

import dev.ashlar.formats.safetensors.SafetensorsWriter;

/**
 * How a folder is written.
 *
 * @param maxShardBytes largest weight file, in bytes
 * @param overwrite whether a model that is already in the folder may be replaced
 * @param publishedNames whether tensors are called what the family's own files call them even where
 *     most loaders of packed weights have other names
 */
public record ExportOptions(long maxShardBytes, boolean overwrite, boolean publishedNames) {
  /** The names that most loaders have. */
  public ExportOptions(long maxShardBytes, boolean overwrite) {
    this(maxShardBytes, overwrite, false);
  }

  /** Shards of the usual size; nothing is overwritten. */
  public static ExportOptions defaults() {
    return new ExportOptions(SafetensorsWriter.DEFAULT_SHARD_BYTES, false);
  }

  /** The same, with overwriting allowed or not. */
  public ExportOptions overwriting(boolean allowed) {
    return new ExportOptions(maxShardBytes, allowed, publishedNames);
  }

  /** The same, with the family's own names or not. */
  public ExportOptions withPublishedNames(boolean published) {
    return new ExportOptions(maxShardBytes, overwrite, published);
  }
}

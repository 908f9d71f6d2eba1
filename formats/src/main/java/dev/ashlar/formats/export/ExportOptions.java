package dev.ashlar.formats.export;

import dev.ashlar.formats.safetensors.SafetensorsWriter;

/**
 * How a folder is written.
 *
 * @param maxShardBytes largest weight file, in bytes
 * @param overwrite whether a model that is already in the folder may be replaced
 */
public record ExportOptions(long maxShardBytes, boolean overwrite) {
  /** Shards of the usual size; nothing is overwritten. */
  public static ExportOptions defaults() {
    return new ExportOptions(SafetensorsWriter.DEFAULT_SHARD_BYTES, false);
  }

  /** The same, with overwriting allowed or not. */
  public ExportOptions overwriting(boolean allowed) {
    return new ExportOptions(maxShardBytes, allowed);
  }
}

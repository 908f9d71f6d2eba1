/**
 * Strict JSON, files that are whole or absent, locks, and the one exception for faults of input.
 */
module dev.ashlar.io {
  requires com.fasterxml.jackson.core;

  exports dev.ashlar.io;
  exports dev.ashlar.io.file;
  exports dev.ashlar.io.json;
}

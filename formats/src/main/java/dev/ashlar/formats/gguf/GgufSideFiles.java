package dev.ashlar.formats.gguf;

import java.nio.file.Path;
import java.util.Map;

record GgufSideFiles(GgufFields fields, Map<String, Object> config) {
  void write(Path folder) {}
}

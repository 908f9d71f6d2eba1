package dev.ashlar.text;

import java.nio.file.Path;
import java.util.Map;

/** Where a checkpoint keeps its tokenizer; {@code tokenizer} makes one of it. */
public sealed interface TokenizerSource {
  /**
   * Files of a model folder: {@code tokenizer.json}, {@code tokenizer_config.json}… Nothing has
   * been checked: the folder may lack them.
   */
  record Folder(Path folder) implements TokenizerSource {}

  /**
   * Metadata of a GGUF file, whose {@code tokenizer.*} keys describe the tokenizer. Values are
   * {@code Long} (or {@code BigInteger}), {@code Float}, {@code Double}, {@code Boolean}, {@code
   * String} and lists of these.
   */
  record Metadata(Path file, Map<String, Object> values) implements TokenizerSource {}
}

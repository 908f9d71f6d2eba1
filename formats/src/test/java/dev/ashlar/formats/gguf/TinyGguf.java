package dev.ashlar.formats.gguf;

import java.nio.file.Path;
import java.util.List;

/** A complete small GGUF model for tests of other packages. */
public final class TinyGguf {
  private TinyGguf() {}

  /**
   * Writes a Llama of one block with a tokenizer of six tokens.
   *
   * @param absent tokens that are said to be -1
   */
  public static Path write(Path file, String... absent) {
    GgufBytes g = GgufBytes.tinyLlama();
    g.put("tokenizer.ggml.model", "gpt2").put("tokenizer.ggml.pre", "gpt-2");
    g.put("tokenizer.ggml.tokens", List.of("a", "b", "ab", "c", "d", "<e>"));
    g.put("tokenizer.ggml.merges", List.of("a b"));
    g.put("tokenizer.ggml.token_type", List.of(1, 1, 1, 1, 1, 3));
    g.put("tokenizer.ggml.eos_token_id", 5);
    for (String kind : absent) {
      g.put("tokenizer.ggml." + kind + "_token_id", -1);
    }
    return g.write(file);
  }
}

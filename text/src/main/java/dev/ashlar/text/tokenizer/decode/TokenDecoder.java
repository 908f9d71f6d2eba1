package dev.ashlar.text.tokenizer.decode;

import java.util.List;

/** One step from tokens to text. */
@FunctionalInterface
public interface TokenDecoder {
  /** The strings that, joined or decoded further, are the text of {@code tokens}. */
  List<String> decode(List<String> tokens);
}

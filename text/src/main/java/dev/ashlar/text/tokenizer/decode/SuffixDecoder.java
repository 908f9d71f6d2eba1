package dev.ashlar.text.tokenizer.decode;

import java.util.ArrayList;
import java.util.List;

/** Makes spaces of the marks that end words, but nothing of the last one. */
record SuffixDecoder(String suffix) implements TokenDecoder {
  @Override
  public List<String> decode(List<String> tokens) {
    List<String> out = new ArrayList<>(tokens.size());
    for (String token : tokens) {
      out.add(token.replace(suffix, out.size() == tokens.size() - 1 ? "" : " "));
    }
    return out;
  }
}

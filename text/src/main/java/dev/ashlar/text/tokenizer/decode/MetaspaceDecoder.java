package dev.ashlar.text.tokenizer.decode;

import java.util.ArrayList;
import java.util.List;

/** Makes spaces of sentencepiece's marks; those of the first token may have been added. */
record MetaspaceDecoder(String mark, boolean prefix) implements TokenDecoder {
  @Override
  public List<String> decode(List<String> tokens) {
    List<String> out = new ArrayList<>(tokens.size());
    for (String token : tokens) {
      out.add(token.replace(mark, out.isEmpty() && prefix ? "" : " "));
    }
    return out;
  }
}

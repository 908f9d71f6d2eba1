package dev.ashlar.text.tokenizer.normalize;

import dev.ashlar.text.tokenizer.config.Node;
import dev.ashlar.text.tokenizer.text.Utf8;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Sentencepiece's character map as the peer applies it: by grapheme where one of less than six
 * bytes begins with an entry (the whole grapheme is then replaced), else by character.
 */
record Precompiled(CharsMap map) implements Normalizer {
  private static final Pattern GRAPHEME = Pattern.compile("\\X");

  static Normalizer read(Node node) {
    Node blob = node.get("precompiled_charsmap");
    byte[] bytes;
    try {
      bytes = Base64.getDecoder().decode(blob.string());
    } catch (IllegalArgumentException e) {
      throw blob.fault("the character map is not base64 (" + e.getMessage() + ")");
    }
    try {
      return new Precompiled(CharsMap.of(bytes));
    } catch (IllegalArgumentException e) {
      throw blob.fault(e.getMessage());
    }
  }

  @Override
  public String normalize(String text) {
    StringBuilder out = new StringBuilder(text.length() + 16);
    Matcher graphemes = GRAPHEME.matcher(text);
    while (graphemes.find()) {
      String grapheme = graphemes.group();
      byte[] bytes = Utf8.bytes(grapheme);
      CharsMap.Match whole = bytes.length < 6 ? map.shortest(bytes, 0, bytes.length) : null;
      if (whole != null) {
        out.append(map.replacement(whole));
      } else {
        characters(bytes, out);
      }
    }
    return out.toString();
  }

  private void characters(byte[] bytes, StringBuilder out) {
    for (int i = 0; i < bytes.length; ) {
      int end = Math.min(bytes.length, i + Utf8.width(bytes[i]));
      CharsMap.Match match = map.shortest(bytes, i, end);
      out.append(match == null ? Utf8.lossy(bytes, i, end - i) : map.replacement(match));
      i = end;
    }
  }
}

package dev.ashlar.text.tokenizer;

import dev.ashlar.text.tokenizer.normalize.CharsMap;
import dev.ashlar.text.tokenizer.normalize.Normalizer;
import dev.ashlar.text.tokenizer.sentencepiece.SentencePieceModel;
import dev.ashlar.text.tokenizer.text.Utf8;

/**
 * Sentencepiece's own normalization: the longest match in its character map, white space, the dummy
 * prefix.
 *
 * @param map the character map, or null
 * @param userDefined finds the pieces that are to stay as they are, or null
 */
record SentencePieceNormalizer(SentencePieceModel model, CharsMap map, TokenFinder userDefined)
    implements Normalizer {
  static final char MARK = '▁';

  @Override
  public String normalize(String text) {
    String mapped = map == null ? text : mapped(text);
    boolean trim = model.removeExtraSpace();
    StringBuilder out = new StringBuilder(mapped.length() + 8);
    boolean afterSpace = trim;
    for (int i = 0; i < mapped.length(); i++) {
      char c = mapped.charAt(i);
      if (c != ' ' || !afterSpace) {
        out.append(c);
      }
      afterSpace = trim && c == ' ';
    }
    while (trim && !out.isEmpty() && out.charAt(out.length() - 1) == ' ') {
      out.setLength(out.length() - 1);
    }
    if (out.isEmpty()) {
      return "";
    }
    if (model.dummyPrefix()) {
      out.insert(model.spaceAsSuffix() ? out.length() : 0, ' ');
    }
    String spaced = out.toString();
    return model.escapeSpace() ? spaced.replace(' ', MARK) : spaced;
  }

  private String mapped(String text) {
    StringBuilder out = new StringBuilder(text.length() + 16);
    char[] chars = text.toCharArray();
    if (userDefined == null) {
      map(chars, 0, chars.length, out);
    } else {
      userDefined.find(
          chars,
          (start, end, id) -> {
            if (id >= 0) {
              out.append(chars, start, end - start);
            } else {
              map(chars, start, end, out);
            }
          });
    }
    return out.toString();
  }

  private void map(char[] text, int start, int end, StringBuilder out) {
    byte[] bytes = new byte[Math.multiplyExact(3, end - start)];
    int n = Utf8.encode(text, start, end, bytes, 0);
    for (int i = 0; i < n; ) {
      CharsMap.Match match = map.longest(bytes, i, n);
      int next = match == null ? Math.min(n, i + Utf8.width(bytes[i])) : match.end();
      out.append(match == null ? Utf8.lossy(bytes, i, next - i) : map.replacement(match));
      i = next;
    }
  }
}

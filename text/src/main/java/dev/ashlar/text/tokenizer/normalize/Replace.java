package dev.ashlar.text.tokenizer.normalize;

import dev.ashlar.text.tokenizer.config.Node;
import dev.ashlar.text.tokenizer.config.TokenPattern;

/**
 * Replaces what a pattern matches by fixed text; also the decoder of that name.
 *
 * @param literal the string to find, or null if {@code pattern} says it
 */
public record Replace(String literal, TokenPattern pattern, String content) implements Normalizer {
  /** The component an object describes. */
  public static Replace read(Node node) {
    String content = node.string("content");
    Node pattern = node.get("pattern");
    if (!pattern.get("String").isNull()) {
      String literal = pattern.string("String");
      if (literal.isEmpty()) {
        throw pattern.fault("an empty pattern would match everywhere");
      }
      return new Replace(literal, null, content);
    }
    return new Replace(null, TokenPattern.read(pattern.get("Regex")), content);
  }

  @Override
  public String normalize(String text) {
    if (literal != null) {
      return text.replace(literal, content);
    }
    StringBuilder out = new StringBuilder();
    int[] from = {0};
    pattern.find(
        text,
        (start, end) -> {
          out.append(text, from[0], start).append(content);
          from[0] = end;
        });
    return out.append(text, from[0], text.length()).toString();
  }
}

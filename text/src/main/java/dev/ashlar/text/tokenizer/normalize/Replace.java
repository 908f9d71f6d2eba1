package dev.ashlar.text.tokenizer.normalize;

import dev.ashlar.text.tokenizer.config.Node;
import dev.ashlar.text.tokenizer.text.RubyRegex;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * Replaces what a pattern matches by fixed text; also the decoder of that name.
 *
 * @param literal the string to find, or null if {@code pattern} says it
 */
public record Replace(String literal, Pattern pattern, String content) implements Normalizer {
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
    return new Replace(null, regex(pattern.get("Regex")), content);
  }

  /** The pattern that a string in a tokenizer file spells. */
  public static Pattern regex(Node node) {
    try {
      return RubyRegex.compile(node.string());
    } catch (PatternSyntaxException e) {
      throw node.fault(
          "the regular expression is not usable ("
              + e.getDescription()
              + " near index "
              + e.getIndex()
              + ")");
    } catch (StackOverflowError e) {
      throw node.fault("the regular expression is nested too deeply");
    }
  }

  @Override
  public String normalize(String text) {
    if (literal != null) {
      return text.replace(literal, content);
    }
    try {
      return pattern.matcher(text).replaceAll(Matcher.quoteReplacement(content));
    } catch (StackOverflowError e) {
      // Repeated groups recurse once per repetition; the text, not the program, is at fault.
      throw new IllegalArgumentException(
          "the text is too long for the tokenizer's pattern " + pattern.pattern(), e);
    }
  }
}

package dev.ashlar.text.tokenizer.split;

import dev.ashlar.text.tokenizer.config.Node;
import dev.ashlar.text.tokenizer.text.CharClasses;
import dev.ashlar.text.tokenizer.text.LegacyUnicode;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** The list of pre-tokenizers by the name they have in tokenizer files. */
public final class PreTokenizers {
  private static final Map<String, Function<Node, PreTokenizer>> ALL =
      Map.ofEntries(
          Map.entry(
              "Sequence",
              node -> new SplitSequence(node.each("pretokenizers", PreTokenizers::read))),
          Map.entry("ByteLevel", ByteLevel::read),
          Map.entry("Split", Split::read),
          Map.entry("Digits", PreTokenizers::digits),
          Map.entry("Punctuation", PreTokenizers::punctuation),
          Map.entry("Metaspace", Metaspace::read),
          Map.entry("Whitespace", node -> new Split(new WordFinder(), Behavior.REMOVED, true)),
          Map.entry("WhitespaceSplit", node -> whitespace()),
          Map.entry("BertPreTokenizer", node -> bert()),
          Map.entry("CharDelimiterSplit", PreTokenizers::delimiter),
          Map.entry("FixedLength", node -> new FixedLength(node.count("length", 5))));

  private PreTokenizers() {}

  /** The pre-tokenizer an object describes; null stands for none. */
  public static PreTokenizer read(Node node) {
    return node.isNull() ? none() : node.component("pre-tokenizer", ALL);
  }

  /** The pre-tokenizer that leaves text whole. */
  public static PreTokenizer none() {
    return (text, start, end, first, out) -> out.piece(text, start, end, first);
  }

  private static PreTokenizer digits(Node node) {
    Behavior behavior = node.flag("individual_digits") ? Behavior.ISOLATED : Behavior.CONTIGUOUS;
    return new Split(new CharFinder(LegacyUnicode::isNumeric), behavior, false);
  }

  private static PreTokenizer punctuation(Node node) {
    Behavior behavior =
        node.get("behavior").isNull() ? Behavior.ISOLATED : Behavior.read(node.get("behavior"));
    return new Split(new CharFinder(LegacyUnicode::isPunctuation), behavior, false);
  }

  private static PreTokenizer delimiter(Node node) {
    int delimiter = node.character("delimiter");
    return new Split(new CharFinder(c -> c == delimiter), Behavior.REMOVED, false);
  }

  private static PreTokenizer whitespace() {
    return new Split(new CharFinder(CharClasses::isSpace), Behavior.REMOVED, false);
  }

  private static PreTokenizer bert() {
    return new SplitSequence(
        List.of(
            whitespace(),
            new Split(new CharFinder(LegacyUnicode::isPunctuation), Behavior.ISOLATED, false)));
  }

  /** A metaspace's prepend scheme: always, first or never. */
  public static String metaspaceScheme(Node node) {
    Node scheme = node.get("prepend_scheme");
    boolean prefix = node.flag("add_prefix_space", true);
    if (scheme.isNull()) {
      return prefix ? "always" : "never";
    }
    return switch (scheme.string()) {
      case "always", "first", "never" -> scheme.string();
      default -> throw scheme.expected("always, first or never");
    };
  }
}

package dev.ashlar.text.tokenizer.normalize;

import dev.ashlar.text.tokenizer.config.Node;
import dev.ashlar.text.tokenizer.text.ByteAlphabet;
import dev.ashlar.text.tokenizer.text.LegacyUnicode;
import java.text.Normalizer.Form;
import java.util.Map;
import java.util.function.Function;

/** The list of normalizers by the name they have in tokenizer files. */
public final class Normalizers {
  private static final Map<String, Function<Node, Normalizer>> ALL =
      Map.ofEntries(
          Map.entry(
              "Sequence",
              node -> new NormalizerSequence(node.each("normalizers", Normalizers::read))),
          Map.entry("NFC", node -> new UnicodeForm(Form.NFC)),
          Map.entry("NFD", node -> new UnicodeForm(Form.NFD)),
          Map.entry("NFKC", node -> new UnicodeForm(Form.NFKC)),
          Map.entry("NFKD", node -> new UnicodeForm(Form.NFKD)),
          Map.entry("Lowercase", node -> LegacyUnicode::lowerCase),
          Map.entry("StripAccents", node -> new StripAccents()),
          Map.entry("Strip", Strip::read),
          Map.entry("Nmt", node -> new Nmt()),
          Map.entry("Replace", Replace::read),
          Map.entry("Prepend", node -> new Prepend(node.string("prepend"))),
          Map.entry("Precompiled", Precompiled::read),
          Map.entry("BertNormalizer", BertNormalizer::read),
          Map.entry("ByteLevel", node -> Normalizers::spellBytes));

  private Normalizers() {}

  /** The normalizer an object describes; null stands for none. */
  public static Normalizer read(Node node) {
    return node.isNull() ? text -> text : node.component("normalizer", ALL);
  }

  private static String spellBytes(String text) {
    char[] chars = text.toCharArray();
    return new String(ByteAlphabet.spell(chars, 0, chars.length));
  }
}

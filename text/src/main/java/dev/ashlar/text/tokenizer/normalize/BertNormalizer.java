package dev.ashlar.text.tokenizer.normalize;

import dev.ashlar.text.tokenizer.config.Node;
import dev.ashlar.text.tokenizer.text.CharClasses;
import dev.ashlar.text.tokenizer.text.LegacyUnicode;
import java.text.Normalizer.Form;

/** Bert's cleaning: controls, Chinese characters set apart, accents, case. */
record BertNormalizer(boolean clean, boolean chinese, boolean accents, boolean lower)
    implements Normalizer {
  static Normalizer read(Node node) {
    boolean lower = node.flag("lowercase");
    return new BertNormalizer(
        node.flag("clean_text"),
        node.flag("handle_chinese_chars"),
        node.flag("strip_accents", lower),
        lower);
  }

  @Override
  public String normalize(String text) {
    StringBuilder out = new StringBuilder(text.length() + 16);
    text.codePoints().forEach(c -> append(c, out));
    String t = out.toString();
    if (accents) {
      StringBuilder kept = new StringBuilder(t.length());
      LegacyUnicode.normalize(t, Form.NFD)
          .codePoints()
          .filter(c -> !LegacyUnicode.isNonspacingMark(c))
          .forEach(kept::appendCodePoint);
      t = kept.toString();
    }
    return lower ? LegacyUnicode.lowerCase(t) : t;
  }

  private void append(int c, StringBuilder out) {
    if (clean && (c == 0 || c == 0xFFFD || LegacyUnicode.isBertControl(c))) {
      return;
    }
    if (clean && CharClasses.isSpace(c)) {
      out.append(' ');
    } else if (chinese && isChinese(c)) {
      out.append(' ').appendCodePoint(c).append(' ');
    } else {
      out.appendCodePoint(c);
    }
  }

  /** The ranges the peer tests; its fifth begins at 2B920, not 2B820, and so does ours. */
  private static boolean isChinese(int c) {
    return c >= 0x4E00 && c <= 0x9FFF
        || c >= 0x3400 && c <= 0x4DBF
        || c >= 0x20000 && c <= 0x2A6DF
        || c >= 0x2A700 && c <= 0x2B73F
        || c >= 0x2B740 && c <= 0x2B81F
        || c >= 0x2B920 && c <= 0x2CEAF
        || c >= 0xF900 && c <= 0xFAFF
        || c >= 0x2F800 && c <= 0x2FA1F;
  }
}

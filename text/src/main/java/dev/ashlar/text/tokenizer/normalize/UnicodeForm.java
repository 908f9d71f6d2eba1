package dev.ashlar.text.tokenizer.normalize;

import dev.ashlar.text.tokenizer.text.LegacyUnicode;
import java.text.Normalizer.Form;

/** One of Unicode's four normal forms. */
record UnicodeForm(Form form) implements Normalizer {
  @Override
  public String normalize(String text) {
    // Below these characters nothing composes, decomposes or combines.
    int inert = form == Form.NFC ? 0x300 : form == Form.NFD ? 0xC0 : 0xA0;
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) >= inert) {
        return LegacyUnicode.normalize(text, form);
      }
    }
    return text;
  }
}

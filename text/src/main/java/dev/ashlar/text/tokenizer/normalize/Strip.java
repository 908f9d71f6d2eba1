package dev.ashlar.text.tokenizer.normalize;

import dev.ashlar.text.tokenizer.config.Node;
import dev.ashlar.text.tokenizer.text.CharClasses;

/** Removes white space from the ends. */
record Strip(boolean left, boolean right) implements Normalizer {
  static Normalizer read(Node node) {
    return new Strip(node.flag("strip_left"), node.flag("strip_right"));
  }

  @Override
  public String normalize(String text) {
    int start = 0;
    int end = text.length();
    while (left && start < end && CharClasses.isSpace(text.charAt(start))) {
      start++;
    }
    while (right && end > start && CharClasses.isSpace(text.charAt(end - 1))) {
      end--;
    }
    return text.substring(start, end);
  }
}

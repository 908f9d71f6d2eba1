package dev.ashlar.text.tokenizer.folder;

import dev.ashlar.text.tokenizer.config.Node;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A token that a side file describes, by its name alone or with its flags.
 *
 * @param content its spelling
 * @param singleWord whether it must not touch a word
 * @param stripLeft whether it takes the white space before it
 * @param stripRight whether it takes the white space after it
 * @param normalized whether it is found after normalizing
 * @param special whether decoding leaves it out
 */
record SideToken(
    String content,
    boolean singleWord,
    boolean stripLeft,
    boolean stripRight,
    boolean normalized,
    boolean special) {

  /** A special token without further flags. */
  static SideToken special(String content) {
    return new SideToken(content, false, false, false, false, true);
  }

  /** A token that is found as it is written. */
  static SideToken plain(String content, boolean special) {
    return new SideToken(content, false, false, false, false, special);
  }

  /**
   * The token that a string or an object spells; strings are special.
   *
   * @param special whether an object without that flag is special
   */
  static SideToken read(Node node, boolean special) {
    if (node.value() instanceof String name) {
      return special(name);
    }
    boolean is = node.flag("special", special);
    return new SideToken(
        node.string("content"),
        node.flag("single_word", false),
        node.flag("lstrip", false),
        node.flag("rstrip", false),
        node.flag("normalized", !is),
        is);
  }

  /** The same as a special token. */
  SideToken asSpecial() {
    return new SideToken(content, singleWord, stripLeft, stripRight, normalized, true);
  }

  /** The same, found as it is written. */
  SideToken unnormalized() {
    return new SideToken(content, singleWord, stripLeft, stripRight, false, special);
  }

  /** Its entry in a {@code tokenizer.json}. */
  Map<String, Object> entry(int id) {
    Map<String, Object> entry = new LinkedHashMap<>();
    entry.put("id", (long) id);
    entry.put("content", content);
    entry.put("single_word", singleWord);
    entry.put("lstrip", stripLeft);
    entry.put("rstrip", stripRight);
    entry.put("normalized", normalized);
    entry.put("special", special);
    return entry;
  }
}

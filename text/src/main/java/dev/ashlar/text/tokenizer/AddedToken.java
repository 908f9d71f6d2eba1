package dev.ashlar.text.tokenizer;

import dev.ashlar.text.tokenizer.config.Node;

/**
 * A token that is found in the text before the model sees it.
 *
 * @param content its spelling
 * @param singleWord whether it must not touch a word
 * @param stripLeft whether it takes the white space before it
 * @param stripRight whether it takes the white space after it
 * @param normalized whether it is found after normalizing, in its normalized form
 * @param special whether decoding leaves it out
 */
record AddedToken(
    int id,
    String content,
    boolean singleWord,
    boolean stripLeft,
    boolean stripRight,
    boolean normalized,
    boolean special) {

  static AddedToken read(Node node) {
    return new AddedToken(
        node.get("id").count(),
        node.string("content"),
        node.flag("single_word", false),
        node.flag("lstrip", false),
        node.flag("rstrip", false),
        node.flag("normalized", false),
        node.flag("special", false));
  }

  static AddedToken plain(int id, String content, boolean special) {
    return new AddedToken(id, content, false, false, false, false, special);
  }

  AddedToken withId(int newId) {
    return new AddedToken(newId, content, singleWord, stripLeft, stripRight, normalized, special);
  }
}

package dev.ashlar.text.tokenizer;

/**
 * What a model's configuration says beside the tokenizer proper.
 *
 * @param bos the id that opens a text, or -1
 * @param eos the id that ends a text, or -1
 * @param chatTemplate the template of conversations, or null
 */
record Extras(int bos, int eos, String chatTemplate) {
  static final Extras NONE = new Extras(-1, -1, null);
}

/**
 * Pre-tokenizers: where normalized text is cut into the pieces that a model sees one by one.
 *
 * <p>One class each, registered by its {@code type} in {@link
 * dev.ashlar.text.tokenizer.split.PreTokenizers}. Regular expressions that real tokenizers use have
 * hand-written scanners, found by their text in {@link dev.ashlar.text.tokenizer.split.Scanners};
 * all others go through {@code java.util.regex}.
 */
package dev.ashlar.text.tokenizer.split;

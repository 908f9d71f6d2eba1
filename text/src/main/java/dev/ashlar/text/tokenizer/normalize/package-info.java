/**
 * Normalizers: what is done to the text between added tokens before it is split.
 *
 * <p>One class each, registered by its {@code type} in {@link
 * dev.ashlar.text.tokenizer.normalize.Normalizers}.
 */
package dev.ashlar.text.tokenizer.normalize;

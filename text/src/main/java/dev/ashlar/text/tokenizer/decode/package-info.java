/**
 * Decoders: how the tokens of a text become the text again.
 *
 * <p>One class each, registered by its {@code type} in {@link
 * dev.ashlar.text.tokenizer.decode.TokenDecoders}.
 */
package dev.ashlar.text.tokenizer.decode;

/**
 * Models: how a piece of text becomes token ids.
 *
 * <p>One class each, registered by its {@code type} in {@link
 * dev.ashlar.text.tokenizer.model.TokenModels}. Vocabularies are looked up by spans of bytes, so
 * that encoding makes no strings. Start at {@link dev.ashlar.text.tokenizer.model.TokenModel} and
 * {@link dev.ashlar.text.tokenizer.model.PieceEncoder}; {@code ByteBpe} is the encoder that most
 * models use.
 */
package dev.ashlar.text.tokenizer.model;

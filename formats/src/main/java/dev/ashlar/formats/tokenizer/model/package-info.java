/**
 * Models: how a piece of text becomes token ids.
 *
 * <p>One class each, registered by its {@code type} in {@link
 * dev.ashlar.formats.tokenizer.model.Models}. Vocabularies are looked up by spans of bytes, so that
 * encoding makes no strings. Start at {@link dev.ashlar.formats.tokenizer.model.Model}; {@link
 * dev.ashlar.formats.tokenizer.model.ByteBpe} is the one that most models use.
 */
package dev.ashlar.formats.tokenizer.model;

/**
 * Text on its way to a model and back. Where a checkpoint keeps its tokenizer ({@link
 * dev.ashlar.text.TokenizerSource}) is said here; {@code tokenizer} turns text into ids and ids
 * into text, {@code jinja} runs the templates that models bring, {@code chat} renders conversations
 * with them.
 *
 * <p>Not here: tensors and models. Start at {@code dev.ashlar.text.tokenizer.Tokenizers}.
 */
package dev.ashlar.text;

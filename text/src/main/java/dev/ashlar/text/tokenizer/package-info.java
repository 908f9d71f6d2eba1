/**
 * Tokenizers: text to token ids and back, exactly as the peers' libraries do it.
 *
 * <p>What lives here: the interface {@link dev.ashlar.text.tokenizer.Tokenizer}, the pipeline
 * behind it, and the readers of {@code tokenizer.json}, of a GGUF file's metadata and of
 * sentencepiece models, all reached through {@link dev.ashlar.text.tokenizer.Tokenizers}. The steps
 * of the pipeline live in rooms of their own: {@code normalize}, {@code split}, {@code model},
 * {@code post}, {@code decode}. Chat templates are rendered elsewhere; here they are only text.
 * Start at {@code Tokenizer}.
 */
package dev.ashlar.text.tokenizer;

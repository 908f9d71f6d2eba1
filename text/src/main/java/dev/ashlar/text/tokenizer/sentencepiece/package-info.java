/**
 * Sentencepiece's model files: pieces, scores and settings as they are stored.
 *
 * <p>Not here: encoding, which has two ways, that of sentencepiece's own library and that of
 * transformers. Start at {@link dev.ashlar.text.tokenizer.sentencepiece.SentencePieceModel}.
 */
package dev.ashlar.text.tokenizer.sentencepiece;

/**
 * Model folders: which tokenizer their files describe together. A folder has a {@code
 * tokenizer.json}, or a vocabulary in an older form; {@code tokenizer_config.json}, {@code
 * added_tokens.json}, {@code special_tokens_map.json} and the class that they name add to it or
 * overrule it, as in transformers' {@code AutoTokenizer}. The result is a {@code tokenizer.json}.
 *
 * <p>Not here: what becomes of that document. Start at {@link
 * dev.ashlar.text.tokenizer.folder.TokenizerFolder}.
 */
package dev.ashlar.text.tokenizer.folder;

/**
 * What tokenizers need to know about characters: Unicode classes as the peers' libraries have them,
 * UTF-8, the byte alphabet of GPT-2, and Ruby-style regular expressions.
 *
 * <p>Nothing here knows of tokens. Start at {@link dev.ashlar.text.tokenizer.text.CharClasses}.
 */
package dev.ashlar.text.tokenizer.text;

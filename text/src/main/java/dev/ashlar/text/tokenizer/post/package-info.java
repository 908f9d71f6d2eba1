/**
 * Post-processors: which special tokens go around a text.
 *
 * <p>One class each, registered by its {@code type} in {@link
 * dev.ashlar.text.tokenizer.post.PostProcessors}.
 */
package dev.ashlar.text.tokenizer.post;

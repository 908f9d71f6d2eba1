/**
 * Post-processors: which special tokens go around a text.
 *
 * <p>One class each, registered by its {@code type} in {@link
 * dev.ashlar.formats.tokenizer.post.PostProcessors}.
 */
package dev.ashlar.formats.tokenizer.post;

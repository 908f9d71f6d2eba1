package dev.ashlar.text.tokenizer.post;

/** Adds special tokens to a text's ids. */
@FunctionalInterface
public interface PostProcessor {
  /** The ids with what goes around them; {@code ids} itself where nothing does. */
  int[] process(int[] ids);
}

package dev.ashlar.text.tokenizer.normalize;

/** Rewrites text before it is split. */
@FunctionalInterface
public interface Normalizer {
  /** The text to go on with; {@code text} itself where nothing changes. */
  String normalize(String text);
}

package dev.ashlar.tuning.calibration;

/** Turns text into token ids: the one thing that this room needs of a tokenizer. */
@FunctionalInterface
public interface Encoder {
  /**
   * @param specialTokens whether to add what the tokenizer puts around a text (beginning, end)
   */
  int[] encode(String text, boolean specialTokens);
}

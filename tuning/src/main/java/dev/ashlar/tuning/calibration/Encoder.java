package dev.ashlar.tuning.calibration;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Turns text into token ids: the one thing that this room needs of a tokenizer. */
@FunctionalInterface
public interface Encoder {
  /**
   * @param specialTokens whether to add what the tokenizer puts around a text (beginning, end)
   */
  int[] encode(String text, boolean specialTokens);

  /**
   * A conversation as the model's chat template renders it, up to where the next answer begins.
   *
   * @param messages maps with {@code role} and {@code content}
   * @return empty if there is no template
   */
  default Optional<int[]> chat(List<Map<String, Object>> messages) {
    return Optional.empty();
  }
}

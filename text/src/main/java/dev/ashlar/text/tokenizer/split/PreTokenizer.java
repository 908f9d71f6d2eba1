package dev.ashlar.text.tokenizer.split;

/** Cuts text into pieces. */
@FunctionalInterface
public interface PreTokenizer {
  /** Where pieces go, in order. */
  @FunctionalInterface
  interface Sink {
    /**
     * Takes {@code text[start, end)}, which is not empty.
     *
     * @param first whether the piece begins where the whole text begins
     */
    void piece(char[] text, int start, int end, boolean first);
  }

  /** Hands the pieces of {@code text[start, end)}, which is not empty, to {@code out}. */
  void split(char[] text, int start, int end, boolean first, Sink out);

  /**
   * The same without the last step, if that step only spells bytes in GPT-2's alphabet: for models
   * that take bytes as they are. Null if the last step is another one.
   */
  default PreTokenizer beforeSpelling() {
    return null;
  }
}

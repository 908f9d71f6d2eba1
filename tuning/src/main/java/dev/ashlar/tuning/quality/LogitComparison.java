package dev.ashlar.tuning.quality;

import dev.ashlar.nn.decoder.BlockContext;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.tensor.autograd.Tape;

/**
 * How far one model's predictions are from another's on the same text; more sensitive than
 * perplexity for small differences.
 *
 * @param maxAbsDifference largest difference of a logit
 * @param klDivergence mean over all positions of KL(reference ‖ other), in nats
 * @param klStandardError of that, from the windows' own means; NaN for one window
 * @param topAgreement share of the positions where both rank the same token first
 * @param topStandardError of that, likewise
 * @param positions compared
 */
public record LogitComparison(
    double maxAbsDifference,
    double klDivergence,
    double klStandardError,
    double topAgreement,
    double topStandardError,
    long positions) {
  /**
   * Compares two models that are in memory, window by window; both see the same tokens.
   *
   * @param ids the text, tokenized once without special tokens
   * @param length tokens of each window
   * @param limit windows at most; 0 or less for all
   * @throws IllegalArgumentException if the text is shorter than one window or the vocabularies
   *     differ
   */
  public static LogitComparison of(
      Decoder reference, Decoder other, int[] ids, int length, int limit, WindowListener listener) {
    requireSameVocabulary(reference.spec(), other.spec());
    Windows windows = Windows.of(ids, length, limit);
    BlockContext context = BlockContext.of(1, length);
    Tape referenceTape = Tape.off(reference.backend());
    Tape otherTape = Tape.off(other.backend());
    LogitRows rows = new LogitRows();
    for (int i = 0; i < windows.count(); i++) {
      int[] window = windows.window(i);
      rows.add(
          reference.forward(window, context, referenceTape),
          other.forward(window, context, otherTape));
      rows.endWindow();
      referenceTape.reset();
      otherTape.reset();
      listener.window(i + 1, windows.count(), rows.mean());
    }
    return rows.result();
  }

  /**
   * Refuses models whose logits do not stand for the same tokens.
   *
   * @throws IllegalArgumentException if the vocabularies differ
   */
  public static void requireSameVocabulary(DecoderSpec reference, DecoderSpec other) {
    if (reference.vocab() != other.vocab()) {
      throw new IllegalArgumentException(
          "vocabularies differ: " + reference.vocab() + " and " + other.vocab());
    }
  }
}

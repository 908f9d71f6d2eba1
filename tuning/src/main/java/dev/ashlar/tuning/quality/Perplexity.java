package dev.ashlar.tuning.quality;

import dev.ashlar.nn.decoder.BlockContext;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.autograd.op.CrossEntropy;
import java.time.Duration;

/**
 * Perplexity: consecutive windows that do not overlap, each fed alone, mean negative log-likelihood
 * of the tokens 2 to {@code length} of each window, exponentiated.
 *
 * @param value e to the power of {@code meanLoss}
 * @param meanLoss nats per token
 * @param windows how many
 * @param tokens predicted ones: {@code windows · (length − 1)}
 * @param time spent
 */
public record Perplexity(double value, double meanLoss, int windows, long tokens, Duration time) {
  /**
   * Measures a model.
   *
   * @param ids the text, tokenized once without special tokens
   * @param length tokens of each window
   * @param limit windows at most; 0 or less for all
   * @throws IllegalArgumentException if the text is shorter than one window, or a token is not in
   *     the vocabulary
   */
  public static Perplexity of(
      Decoder model, int[] ids, int length, int limit, WindowListener listener) {
    long start = System.nanoTime();
    Windows windows = Windows.of(ids, length, limit);
    Tape tape = Tape.off(model.backend());
    BlockContext context = BlockContext.of(1, length);
    double sum = 0;
    long tokens = 0;
    for (int i = 0; i < windows.count(); i++) {
      int[] window = windows.window(i);
      Tensor logits = model.forward(window, context, tape);
      CrossEntropy loss =
          new CrossEntropy(logits.reshape(length, logits.dim(-1)), Windows.targets(window));
      loss.forward(tape);
      sum += loss.sum();
      tokens += loss.counted();
      tape.reset();
      listener.window(i + 1, windows.count(), Math.exp(sum / tokens));
    }
    double mean = sum / tokens;
    return new Perplexity(
        Math.exp(mean), mean, windows.count(), tokens, Duration.ofNanos(System.nanoTime() - start));
  }
}

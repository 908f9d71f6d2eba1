package dev.ashlar.tuning.train;

import dev.ashlar.nn.decoder.BlockContext;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.autograd.op.CrossEntropy;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * Next-token training of a decoder in float32. Windows are drawn at random from one long sequence
 * of tokens; the learning rate warms up linearly and decays along a cosine; gradients are clipped
 * by their global norm. The same seed and tokens give the same weights for any thread count.
 */
public final class Trainer {
  /**
   * @param batch sequences per step
   * @param length tokens per sequence
   * @param learningRate the highest
   * @param warmup steps until then
   * @param clip largest norm of the gradient
   */
  public record Options(
      int batch,
      int length,
      int steps,
      float learningRate,
      int warmup,
      float weightDecay,
      float clip,
      long seed) {}

  /** Told after every step. */
  @FunctionalInterface
  public interface Progress {
    /**
     * @param step from 1
     * @param loss mean negative log-likelihood of the step's batch, in nats per token
     */
    void step(int step, double loss);
  }

  private final Decoder decoder;
  private final Options options;
  private final List<Tensor> parameters = new ArrayList<>();
  private final List<Tensor> gradients = new ArrayList<>();
  private final AdamW optimizer;
  private final Tape tape;

  /**
   * @param decoder its tensors are trained in place; a tied head is the embedding
   */
  public Trainer(Decoder decoder, Options options) {
    this.decoder = decoder;
    this.tape = Tape.recording(decoder.backend());
    this.options = options;
    Map<Tensor, Tensor> seen = new LinkedHashMap<>();
    decoder.forEachTensor((name, t) -> seen.putIfAbsent(t, Tensor.zeros(t.shape())));
    seen.forEach(
        (parameter, gradient) -> {
          parameters.add(parameter);
          gradients.add(gradient);
        });
    this.optimizer = new AdamW(parameters, options.weightDecay());
  }

  /**
   * Trains on {@code tokens}, which must be longer than one window.
   *
   * @throws IllegalArgumentException if they are not
   */
  public void run(int[] tokens, Progress progress) {
    if (tokens.length <= options.length() + 1) {
      throw new IllegalArgumentException(
          tokens.length + " tokens for windows of " + options.length());
    }
    Random random = new Random(options.seed());
    BlockContext context = BlockContext.of(options.batch(), options.length());
    int[] ids = new int[options.batch() * options.length()];
    int[] targets = new int[ids.length];
    for (int step = 0; step < options.steps(); step++) {
      for (int b = 0; b < options.batch(); b++) {
        int start = random.nextInt(tokens.length - options.length());
        System.arraycopy(tokens, start, ids, b * options.length(), options.length());
        System.arraycopy(tokens, start + 1, targets, b * options.length(), options.length());
      }
      double loss = gradients(ids, targets, context);
      optimizer.step(gradients, rate(step), AdamW.clipping(gradients, options.clip()));
      progress.step(step + 1, loss);
    }
  }

  private double gradients(int[] ids, int[] targets, BlockContext context) {
    tape.reset();
    for (int i = 0; i < parameters.size(); i++) {
      tape.watch(parameters.get(i), gradients.get(i), false);
    }
    Tensor logits = decoder.forward(ids, context, tape);
    Tensor loss = tape.apply(new CrossEntropy(logits, targets));
    tape.backward(loss, 1f);
    return loss.data()[0];
  }

  /** The learning rate of a step: linear warm-up, then a cosine down to a tenth. */
  private float rate(int step) {
    if (step < options.warmup()) {
      return options.learningRate() * (step + 1) / options.warmup();
    }
    double progress =
        (step - options.warmup()) / (double) Math.max(1, options.steps() - options.warmup());
    double cosine = 0.5 * (1 + Math.cos(Math.PI * progress));
    return (float) (options.learningRate() * (0.1 + 0.9 * cosine));
  }
}

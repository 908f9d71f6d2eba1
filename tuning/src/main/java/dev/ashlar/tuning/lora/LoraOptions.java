package dev.ashlar.tuning.lora;

/**
 * How adapters are trained.
 *
 * @param rank of the factors
 * @param alpha their product is multiplied by alpha / rank
 * @param steps of AdamW, without weight decay
 * @param batch sequences of a step
 * @param learningRate of the first step; falls linearly to 0 behind the last
 * @param clip largest norm of the gradient of all factors together
 * @param seed decides the first values and the order of sequences
 */
public record LoraOptions(
    int rank, double alpha, int steps, int batch, double learningRate, double clip, long seed) {
  public LoraOptions {
    if (rank < 1 || steps < 0 || batch < 1 || !(alpha > 0) || !(learningRate > 0) || !(clip > 0)) {
      throw new IllegalArgumentException(
          "rank, batch, alpha, learning rate and clip must be positive, steps not negative: "
              + rank
              + ", "
              + batch
              + ", "
              + alpha
              + ", "
              + learningRate
              + ", "
              + clip
              + ", "
              + steps);
    }
  }

  /** What products of factors are multiplied by. */
  float scale() {
    return (float) (alpha / rank);
  }

  /** The learning rate of step {@code i}, from 0. */
  float rate(int i) {
    return (float) (learningRate * (steps - i) / steps);
  }

  /** Everything that decides the result. */
  public String describe() {
    return "rank="
        + rank
        + ", alpha="
        + alpha
        + ", steps="
        + steps
        + ", batch="
        + batch
        + ", lr="
        + learningRate
        + ", clip="
        + clip
        + ", seed="
        + seed;
  }
}

package dev.ashlar.tuning.lora;

import dev.ashlar.tensor.Tensor;
import java.util.Random;

/**
 * The factors of a map under training, and their gradients.
 *
 * @param down {@code [rank, in]}
 * @param up {@code [out, rank]}
 * @param downGradient shaped like {@code down}
 * @param upGradient shaped like {@code up}
 */
public record TrainedFactors(Tensor down, Tensor up, Tensor downGradient, Tensor upGradient) {
  /** Factors to go on with, which are changed in place. */
  public static TrainedFactors of(Tensor down, Tensor up) {
    return new TrainedFactors(down, up, Tensor.zeros(down.shape()), Tensor.zeros(up.shape()));
  }

  /** Factors that change nothing yet: {@code down} uniform within 1/√in, {@code up} zero. */
  static TrainedFactors fresh(int out, int in, int rank, Random random) {
    Tensor down = Tensor.zeros(rank, in);
    double bound = 1 / Math.sqrt(in);
    for (int i = 0; i < down.size(); i++) {
      down.data()[i] = (float) ((2 * random.nextDouble() - 1) * bound);
    }
    return of(down, Tensor.zeros(out, rank));
  }
}

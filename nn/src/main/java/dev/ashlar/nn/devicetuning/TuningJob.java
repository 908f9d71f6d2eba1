package dev.ashlar.nn.devicetuning;

import dev.ashlar.nn.decoder.Block;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.kernel.FakeQuantKernel;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One block to tune.
 *
 * @param block the float block
 * @param matrices what is tuned, by names relative to the block; other maps stay float
 * @param inputs what flows into the block
 * @param targets what it should put out
 * @param counted for each sample, which of its positions count in the loss
 * @param length tokens of a sample
 * @param dim width of a token
 * @param micro samples that are computed at a time, at most
 * @param clampV bound of |V|, or 0 for none
 */
public record TuningJob(
    Block block,
    Map<String, Matrix> matrices,
    Samples inputs,
    Samples targets,
    boolean[][] counted,
    int length,
    int dim,
    int micro,
    float clampV) {
  public TuningJob {
    matrices = Collections.unmodifiableMap(new LinkedHashMap<>(matrices));
  }

  /**
   * A matrix under tuning.
   *
   * @param parameters weights and ranges; V and the multipliers are those that are begun with, or
   *     null for zeros and ones; arrays are not to be changed
   * @param ranges whether the multipliers are tuned, or stay
   * @param steps the step of V in each iteration
   * @param rangeSteps the step of the multipliers in each iteration
   */
  public record Matrix(
      FakeQuantKernel.Parameters parameters, boolean ranges, float[] steps, float[] rangeSteps) {}

  /** Rows of all samples. */
  @FunctionalInterface
  public interface Samples {
    /**
     * Copies one sample.
     *
     * @param into {@code [1, length, dim]}
     */
    void read(int sample, Tensor into);
  }

  /** How many samples there are. */
  public int samples() {
    return counted.length;
  }
}

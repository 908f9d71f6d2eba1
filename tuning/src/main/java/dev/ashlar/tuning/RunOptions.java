package dev.ashlar.tuning;

/**
 * How a model is walked through, whatever the method.
 *
 * @param batchSize samples that flow through a block at once
 * @param accumulate micro-batches of one tuning step
 * @param nblocks consecutive blocks that are tuned as one
 * @param quantizedInput whether a block is tuned on what the quantized blocks before it put out
 *     (the target stays the float block on float inputs)
 * @param seed decides everything that is random; block k's part depends on it and on k only
 */
public record RunOptions(
    int batchSize, int accumulate, int nblocks, boolean quantizedInput, long seed) {
  public RunOptions {
    if (batchSize < 1 || accumulate < 1 || nblocks < 1) {
      throw new IllegalArgumentException(
          "batch size, accumulation steps and blocks per unit must be at least 1: "
              + batchSize
              + ", "
              + accumulate
              + ", "
              + nblocks);
    }
  }

  /** AutoRound's defaults. */
  public static RunOptions defaults() {
    return new RunOptions(8, 1, 1, true, 42);
  }
}

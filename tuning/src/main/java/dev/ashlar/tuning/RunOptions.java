package dev.ashlar.tuning;

import dev.ashlar.tensor.DType;

/**
 * How a model is walked through, whatever the method.
 *
 * @param batchSize samples that flow through a block at once
 * @param accumulate micro-batches of one tuning step
 * @param nblocks consecutive blocks that are tuned as one
 * @param quantizedInput whether a block is tuned on what the quantized blocks before it put out
 *     (the target stays the float block on float inputs)
 * @param seed decides everything that is random; block k's part depends on it and on k only
 * @param streamType how activations wait for the next block: {@code F32}, or {@code BF16} for half
 *     the memory and other results
 */
public record RunOptions(
    int batchSize,
    int accumulate,
    int nblocks,
    boolean quantizedInput,
    long seed,
    DType streamType) {
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
    if (streamType != DType.F32 && streamType != DType.BF16) {
      throw new IllegalArgumentException("activations are F32 or BF16: " + streamType);
    }
  }

  /** The same with activations as floats. */
  public RunOptions(int batchSize, int accumulate, int nblocks, boolean quantizedInput, long seed) {
    this(batchSize, accumulate, nblocks, quantizedInput, seed, DType.F32);
  }

  /** The same with so many samples at once. */
  public RunOptions withBatchSize(int samples) {
    return new RunOptions(samples, accumulate, nblocks, quantizedInput, seed, streamType);
  }

  /** AutoRound's defaults. */
  public static RunOptions defaults() {
    return new RunOptions(8, 1, 1, true, 42);
  }
}

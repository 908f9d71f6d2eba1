package dev.ashlar.tuning.method;

import dev.ashlar.tensor.Tensor;

/**
 * One hidden state {@code [length, dim]} for each calibration sample. An array per sample, so that
 * no array nears Java's length limit.
 */
public final class Activations implements Targets {
  private final float[][] samples;
  private final int length;
  private final int dim;

  private Activations(float[][] samples, int length, int dim) {
    this.samples = samples;
    this.length = length;
    this.dim = dim;
  }

  /** Zeros for {@code count} samples. */
  public static Activations zeros(int count, int length, int dim) {
    return new Activations(new float[count][Math.multiplyExact(length, dim)], length, dim);
  }

  /** Samples. */
  public int count() {
    return samples.length;
  }

  /** Tokens of each sample. */
  public int length() {
    return length;
  }

  @Override
  public int dim() {
    return dim;
  }

  @Override
  public void gather(int[] rows, int from, int count, Tensor into) {
    int size = length * dim;
    for (int b = 0; b < count; b++) {
      System.arraycopy(samples[rows[from + b]], 0, into.data(), b * size, size);
    }
  }

  /**
   * Copies samples {@code [first, first + count)} into {@code into}.
   *
   * @param into {@code [count, length, dim]}
   */
  public void read(int first, int count, Tensor into) {
    int size = length * dim;
    for (int b = 0; b < count; b++) {
      System.arraycopy(samples[first + b], 0, into.data(), b * size, size);
    }
  }

  /** Overwrites samples {@code [first, first + count)} with {@code batch [count, length, dim]}. */
  public void write(int first, int count, Tensor batch) {
    int size = length * dim;
    for (int b = 0; b < count; b++) {
      System.arraycopy(batch.data(), b * size, samples[first + b], 0, size);
    }
  }
}

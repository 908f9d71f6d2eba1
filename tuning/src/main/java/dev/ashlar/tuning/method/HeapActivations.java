package dev.ashlar.tuning.method;

import dev.ashlar.tensor.Tensor;

/** Floats in the heap, an array for each sample, so that no array nears Java's length limit. */
final class HeapActivations implements Activations {
  private final float[][] samples;
  private final int length;
  private final int dim;

  HeapActivations(int count, int length, int dim) {
    this.samples = new float[count][Math.multiplyExact(length, dim)];
    this.length = length;
    this.dim = dim;
  }

  @Override
  public int count() {
    return samples.length;
  }

  @Override
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

  @Override
  public void read(int first, int count, Tensor into) {
    int size = length * dim;
    for (int b = 0; b < count; b++) {
      System.arraycopy(samples[first + b], 0, into.data(), b * size, size);
    }
  }

  @Override
  public void write(int first, int count, Tensor batch) {
    int size = length * dim;
    for (int b = 0; b < count; b++) {
      System.arraycopy(batch.data(), b * size, samples[first + b], 0, size);
    }
  }

  @Override
  public void close() {
    // The collector takes the arrays.
  }
}

package dev.ashlar.tuning.walk;

import dev.ashlar.tensor.Tensor;
import dev.ashlar.tuning.method.Activations;

/** The upper halves of floats (bfloat16, rounded to nearest even) in the heap. */
final class HalfActivations implements Activations {
  private static final int HALF = 16;

  private final short[][] samples;
  private final int length;
  private final int dim;

  HalfActivations(int count, int length, int dim) {
    this.samples = new short[count][Math.multiplyExact(length, dim)];
    this.length = length;
    this.dim = dim;
  }

  @Override
  public boolean exact() {
    return false;
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
    for (int b = 0; b < count; b++) {
      widen(samples[rows[from + b]], into.data(), b * length * dim);
    }
  }

  @Override
  public void read(int first, int count, Tensor into) {
    for (int b = 0; b < count; b++) {
      widen(samples[first + b], into.data(), b * length * dim);
    }
  }

  private static void widen(short[] from, float[] to, int at) {
    for (int i = 0; i < from.length; i++) {
      to[at + i] = Float.intBitsToFloat(from[i] << HALF);
    }
  }

  @Override
  public void write(int first, int count, Tensor batch) {
    for (int b = 0; b < count; b++) {
      short[] to = samples[first + b];
      int at = b * to.length;
      for (int i = 0; i < to.length; i++) {
        int bits = Float.floatToRawIntBits(batch.data()[at + i]);
        // Walks refuse NaN before anything is kept, so that the carry cannot make one of another.
        to[i] = (short) ((bits + 0x7FFF + ((bits >>> HALF) & 1)) >>> HALF);
      }
    }
  }

  @Override
  public void close() {
    // The collector takes the arrays.
  }
}

package dev.ashlar.tensor;

/** How large floats are at most, by which scales are chosen. */
public final class Magnitude {
  private Magnitude() {}

  /** The largest magnitude of {@code x[from … to)}: 0 of none, NaN where there is a NaN. */
  public static float largest(float[] x, int from, int to) {
    float largest = 0;
    for (int i = from; i < to; i++) {
      // Math.max passes NaN on.
      largest = Math.max(largest, Math.abs(x[i]));
    }
    return largest;
  }
}

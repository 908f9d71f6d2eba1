package dev.ashlar.bench.peers;

/** Operands that peers in other languages make alike; see {@code peer.py}. */
final class Numbers {
  private static final int SAMPLES = 16;

  private Numbers() {}

  /** {@code n} floats in [−1, 1): a hash of salt and index. */
  static float[] of(int salt, int n) {
    float[] x = new float[n];
    for (int i = 0; i < n; i++) {
      long h = i * 2654435761L + salt * 40503L + 12345 & 0xFFFFFFFFL;
      h ^= h >>> 16;
      h = h * 2246822519L & 0xFFFFFFFFL;
      h ^= h >>> 13;
      x[i] = (h >>> 8) * 0x1p-23f - 1;
    }
    return x;
  }

  /** Sixteen values spread over a result. */
  static double[] samples(float[] result) {
    double[] values = new double[SAMPLES];
    for (int i = 0; i < SAMPLES; i++) {
      values[i] = result[(int) ((long) i * (result.length - 1) / (SAMPLES - 1))];
    }
    return values;
  }
}

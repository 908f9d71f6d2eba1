package dev.ashlar.formats.gguf.encode;

/** What the error of each element of a block counts. */
final class Weights {
  /**
   * What is taken for the importance of a column where it is not known: large values are taken for
   * important ones, more or less, as the reference implementation does.
   */
  enum Kind {
    /** All alike. */
    EVEN,
    /** Magnitudes. */
    MAGNITUDE,
    /** Magnitudes above the root mean square of the 32 elements around. */
    RAISED,
    /** Squares. */
    SQUARE;

    /** The weights of {@code n} elements from column {@code from} on; none is negative. */
    float[] of(Row row, int from, int n) {
      float[] w = new float[n];
      float[] x = row.values();
      if (row.importance() != null) {
        importance(row, from, w);
        return w;
      }
      for (int i = 0; i < n; i++) {
        float a = Math.abs(x[from + i]);
        w[i] =
            switch (this) {
              case EVEN -> 1;
              case MAGNITUDE, RAISED -> a;
              case SQUARE -> a * a;
            };
      }
      if (this == RAISED) {
        for (int sub = 0; sub < n; sub += 32) {
          raise(x, from + sub, w, sub);
        }
      }
      return w;
    }
  }

  private Weights() {}

  private static void raise(float[] x, int from, float[] w, int at) {
    float root = (float) Math.sqrt(meanSquare(x, from, 32));
    for (int i = 0; i < 32; i++) {
      w[at + i] += root;
    }
  }

  /** Importance times the size of the value, of which zero has some too. */
  private static void importance(Row row, int from, float[] w) {
    float mean = meanSquare(row.values(), from, w.length);
    for (int i = 0; i < w.length; i++) {
      float x = row.values()[from + i];
      w[i] = row.importance()[from + i] * (float) Math.sqrt(mean + x * x);
    }
  }

  private static float meanSquare(float[] x, int from, int n) {
    double sum = 0;
    for (int i = from; i < from + n; i++) {
      sum += (double) x[i] * x[i];
    }
    return (float) (sum / n);
  }
}

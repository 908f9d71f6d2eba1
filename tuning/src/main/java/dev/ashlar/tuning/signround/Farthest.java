package dev.ashlar.tuning.signround;

/** The elements in which two arrays differ most. */
final class Farthest {
  /** One element of so many is taken, and at least one. */
  private static final int PART = 1000;

  /** Bits of a float that are told apart at a time, from the highest. */
  private static final int[] DIGITS = {11, 11, 9};

  private static final int MAGNITUDE = 0x7FFFFFFF;

  private Farthest() {}

  /**
   * Indices of the {@code max(1, n / 1000)} largest {@code |a − b|}, ascending; of equal ones the
   * first.
   */
  static int[] of(float[] a, float[] b, int n) {
    int[] found = new int[Math.max(1, n / PART)];
    int left = found.length;
    int threshold = 0;
    int shift = 31;
    // The bits of positive floats have the floats' order, so that digits find the threshold.
    for (int digits : DIGITS) {
      int[] counts = new int[1 << digits];
      int above = shift;
      shift -= digits;
      for (int i = 0; i < n; i++) {
        int bits = bits(a[i], b[i]);
        if ((int) ((long) bits >>> above) == (int) ((long) threshold >>> above)) {
          counts[bits >>> shift & counts.length - 1]++;
        }
      }
      int digit = counts.length - 1;
      while (counts[digit] < left) {
        left -= counts[digit--];
      }
      threshold |= digit << shift;
    }
    int at = 0;
    for (int i = 0; i < n; i++) {
      int bits = bits(a[i], b[i]);
      if (bits > threshold || bits == threshold && left-- > 0) {
        found[at++] = i;
      }
    }
    return found;
  }

  private static int bits(float a, float b) {
    return Float.floatToRawIntBits(a - b) & MAGNITUDE;
  }
}

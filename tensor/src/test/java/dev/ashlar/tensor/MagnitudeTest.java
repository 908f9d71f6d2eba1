package dev.ashlar.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class MagnitudeTest {
  @Test
  void onlyTheRangeCountsAndNothingHidesANaN() {
    float[] x = {9, -3, 2, -0f, Float.NaN, Float.NEGATIVE_INFINITY};
    assertEquals(3, Magnitude.largest(x, 1, 4));
    assertEquals(0, Magnitude.largest(x, 3, 4));
    assertEquals(0, Magnitude.largest(x, 2, 2));
    assertEquals(Float.NaN, Magnitude.largest(x, 0, 6));
    assertEquals(Float.NaN, Magnitude.largest(x, 3, 5));
    assertEquals(Float.POSITIVE_INFINITY, Magnitude.largest(x, 5, 6));
  }
}

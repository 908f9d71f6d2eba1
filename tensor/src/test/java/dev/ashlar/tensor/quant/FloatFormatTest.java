package dev.ashlar.tensor.quant;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Rounding to small floats against a search of all their values. */
class FloatFormatTest {
  @ParameterizedTest
  @EnumSource
  void nearestValueIsFound(FloatFormat format) {
    Random random = new Random(5);
    float[] values = format.table();
    for (int i = 0; i < 20_000; i++) {
      float x = (float) (random.nextGaussian() * Math.pow(2, random.nextInt(40) - 25));
      float found = format.round(x);
      double best = Double.POSITIVE_INFINITY;
      for (float v : values) {
        best = Math.min(best, Math.abs((double) v - Math.clamp(x, -v(format), v(format))));
      }
      double off = Math.abs((double) found - Math.clamp(x, -v(format), v(format)));
      assertEquals(best, off, format + " of " + x);
      assertEquals(found, format.value(format.code(found)));
    }
  }

  private static float v(FloatFormat format) {
    return format.largest();
  }

  @ParameterizedTest
  @EnumSource
  void tiesGoToEvenCodes(FloatFormat format) {
    int last = format.code(format.largest());
    for (int code = 0; code < last; code++) {
      float low = format.value(code);
      float high = format.value(code + 1);
      float middle = low + (high - low) / 2;
      int even = code % 2 == 0 ? code : code + 1;
      assertEquals(format.value(even), format.round(middle));
      assertEquals(-format.value(even), format.round(-middle));
      assertEquals(high, format.round(Math.nextUp(middle)));
      assertEquals(low, format.round(Math.nextDown(middle)));
    }
  }

  @ParameterizedTest
  @EnumSource
  void endsAndSignsStay(FloatFormat format) {
    assertEquals(format.largest(), format.round(Float.POSITIVE_INFINITY));
    assertEquals(-format.largest(), format.round(-1e30f));
    assertTrue(Float.isNaN(format.round(Float.NaN)));
    assertEquals(-0f, format.round(-1e-30f));
    assertEquals(0f, format.round(Float.MIN_VALUE));
  }
}

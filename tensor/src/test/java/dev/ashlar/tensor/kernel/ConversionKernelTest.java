package dev.ashlar.tensor.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Conversions of every backend: all 16-bit patterns, and float patterns close together. */
class ConversionKernelTest {
  private static final int PATTERNS = 1 << 16;

  static Iterable<Backend> backends() {
    return Backends.all();
  }

  private static short[] patterns() {
    short[] all = new short[PATTERNS];
    for (int i = 0; i < PATTERNS; i++) {
      all[i] = (short) i;
    }
    return all;
  }

  @ParameterizedTest
  @MethodSource("backends")
  void widensEveryPattern(Backend backend) {
    short[] x = patterns();
    float[] y = new float[PATTERNS];
    backend.conversion().widenBf16(PATTERNS, x, 0, y, 0);
    for (int i = 0; i < PATTERNS; i++) {
      assertEquals(i << 16, Float.floatToRawIntBits(y[i]), "bf16 " + i);
    }
    backend.conversion().widenF16(PATTERNS, x, 0, y, 0);
    for (int i = 0; i < PATTERNS; i++) {
      assertEquals(halfValue(i), y[i], "f16 " + i);
    }
  }

  /** The value by the format's definition: 1 sign, 5 exponent and 10 fraction bits. */
  private static float halfValue(int bits) {
    int exponent = bits >> 10 & 31;
    int fraction = bits & 1023;
    float sign = bits < 1 << 15 ? 1f : -1f;
    if (exponent == 31) {
      return fraction == 0 ? sign * Float.POSITIVE_INFINITY : Float.NaN;
    }
    return sign
        * (exponent == 0
            ? Math.scalb((float) fraction, -24)
            : Math.scalb(1024f + fraction, exponent - 25));
  }

  @ParameterizedTest
  @MethodSource("backends")
  void everyPatternSurvivesTheRoundTrip(Backend backend) {
    ConversionKernel k = backend.conversion();
    short[] x = patterns();
    float[] wide = new float[PATTERNS];
    short[] back = new short[PATTERNS];
    k.widenBf16(PATTERNS, x, 0, wide, 0);
    k.narrowBf16(PATTERNS, wide, 0, back, 0);
    for (int i = 0; i < PATTERNS; i++) {
      assertEquals(Float.isNaN(wide[i]) ? i | 0x40 : i, back[i] & 0xFFFF, "bf16 " + i);
    }
    k.widenF16(PATTERNS, x, 0, wide, 0);
    k.narrowF16(PATTERNS, wide, 0, back, 0);
    for (int i = 0; i < PATTERNS; i++) {
      assertTrue(Float.isNaN(wide[i]) || (back[i] & 0xFFFF) == i, "f16 " + i);
    }
  }

  /** Around every bfloat16 number and every middle between two, where rounding turns. */
  @ParameterizedTest
  @MethodSource("backends")
  void roundsToNearestEven(Backend backend) {
    int[] near = {-1, 0, 1, 0x7FFE, 0x7FFF, 0x8000, 0x8001, 0x8002};
    float[] x = new float[PATTERNS * near.length];
    for (int i = 0; i < x.length; i++) {
      x[i] = Float.intBitsToFloat((i / near.length << 16) + near[i % near.length]);
    }
    short[] y = new short[x.length];
    backend.conversion().narrowBf16(x.length, x, 0, y, 0);
    for (int i = 0; i < x.length; i++) {
      float back = Float.intBitsToFloat(y[i] << 16);
      if (Float.isNaN(x[i])) {
        assertTrue(Float.isNaN(back), "NaN at " + i);
      } else {
        assertEquals(nearestBf16(x[i]), back, Integer.toHexString(Float.floatToRawIntBits(x[i])));
      }
    }
    short[] expected = new short[x.length];
    Backends.reference().conversion().narrowF16(x.length, x, 0, expected, 0);
    backend.conversion().narrowF16(x.length, x, 0, y, 0);
    assertArrayEquals(expected, y);
  }

  /** Of the two neighbours the nearer one, of two as near the even one. */
  private static float nearestBf16(float x) {
    int low = Float.floatToRawIntBits(x) & 0xFFFF0000;
    int rest = Float.floatToRawIntBits(x) & 0xFFFF;
    boolean up = rest > 0x8000 || rest == 0x8000 && (low & 0x10000) != 0;
    return Float.intBitsToFloat(up ? low + 0x10000 : low);
  }

  @ParameterizedTest
  @MethodSource("backends")
  void writesNothingBeside(Backend backend) {
    for (int n : KernelTesting.LENGTHS) {
      short[] x = Arrays.copyOf(patterns(), n + 2);
      float[] y = new float[n + 5];
      Arrays.fill(y, 7f);
      backend.conversion().widenBf16(n, x, 1, y, 2);
      assertEquals(7f, y[1]);
      assertEquals(7f, y[n + 2]);
      assertEquals(Float.intBitsToFloat(x[n] << 16), y[n + 1]);
      short[] z = new short[n + 4];
      Arrays.fill(z, (short) 7);
      backend.conversion().narrowBf16(n, y, 2, z, 3);
      assertArrayEquals(new short[] {7, 7, 7}, Arrays.copyOf(z, 3));
      assertEquals(7, z[n + 3]);
      assertEquals(x[n], z[n + 2]);
    }
  }
}

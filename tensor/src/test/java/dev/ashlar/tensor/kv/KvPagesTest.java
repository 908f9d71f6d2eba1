package dev.ashlar.tensor.kv;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What pages keep of what is written. */
class KvPagesTest {
  private static final int HEADS = 3;
  private static final int TOKENS = 5;
  private static final int DIM = 37;

  private static float[] row(Random random) {
    float[] x = new float[DIM];
    for (int i = 0; i < DIM; i++) {
      x[i] = (float) random.nextGaussian();
    }
    return x;
  }

  @ParameterizedTest
  @EnumSource(KvPrecision.class)
  void rowsAreKeptWithinThePrecision(KvPrecision precision) {
    Random random = new Random(5);
    KvPages pages = KvPages.of(precision, HEADS, TOKENS, DIM);
    pages.allocate(1);
    pages.allocate(0);
    float[][] rows = new float[2 * HEADS * TOKENS][];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = row(random);
      int at = i % (HEADS * TOKENS);
      pages.write(i / (HEADS * TOKENS), at / TOKENS, at % TOKENS, rows[i], 0);
    }
    pages.allocate(2);
    pages.copy(1, 2);
    pages.write(1, 0, 0, new float[DIM], 0);
    for (int i = 0; i < rows.length; i++) {
      int at = i % (HEADS * TOKENS);
      int page = i / (HEADS * TOKENS) == 0 ? 0 : 2;
      float[] found = new float[DIM + 2];
      pages.read(page, at / TOKENS, at % TOKENS, 1, found, 2);
      close(precision, rows[i], found, 2);
    }
    float[] whole = new float[(TOKENS - 1) * DIM];
    pages.read(2, 1, 1, TOKENS - 1, whole, 0);
    close(precision, rows[HEADS * TOKENS + TOKENS + 2], whole, DIM);
  }

  private static void close(KvPrecision precision, float[] expected, float[] found, int at) {
    float largest = 0;
    for (float x : expected) {
      largest = Math.max(largest, Math.abs(x));
    }
    for (int i = 0; i < DIM; i++) {
      double bound =
          switch (precision) {
            case F32 -> 0;
            case F16 -> Math.abs(expected[i]) / 2048 + 1e-7;
            case INT8 -> largest / 254 * 1.0001;
          };
      assertEquals(expected[i], found[at + i], bound);
    }
  }

  @Test
  void halvesAreBounded() {
    KvPages pages = KvPages.of(KvPrecision.F16, 1, 1, 4);
    pages.allocate(0);
    pages.write(0, 0, 0, new float[] {1e9f, -1e9f, 70000, Float.NaN}, 0);
    float[] found = new float[4];
    pages.read(0, 0, 0, 1, found, 0);
    assertArrayEquals(new float[] {65504, -65504, 65504, Float.NaN}, found);
  }

  @Test
  void rowsOfZerosAndOfNothingFinite() {
    KvPages pages = KvPages.of(KvPrecision.INT8, 1, 2, 2);
    pages.allocate(0);
    pages.write(0, 0, 0, new float[] {5, 6}, 0);
    pages.write(0, 0, 0, new float[] {0, -0f}, 0);
    pages.write(0, 0, 1, new float[] {1, Float.NaN}, 0);
    float[] found = new float[4];
    pages.read(0, 0, 0, 2, found, 0);
    assertArrayEquals(new float[] {0, 0, Float.NaN, Float.NaN}, found);
  }

  @Test
  void narrowPagesAreSmaller() {
    long[] bytes = new long[3];
    for (KvPrecision p : KvPrecision.values()) {
      bytes[p.ordinal()] = KvPages.of(p, 2, 64, 64).pageBytes();
    }
    assertEquals(2 * bytes[1], bytes[0]);
    assertTrue(3.7 * bytes[2] < bytes[0]);
    assertThrows(IllegalArgumentException.class, () -> KvPages.of(KvPrecision.F32, 1, 0, 1));
    assertThrows(
        ArithmeticException.class, () -> KvPages.of(KvPrecision.F32, 1 << 12, 1 << 12, 1 << 12));
  }
}

package dev.ashlar.tuning.layerwise;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tuning.method.LinearLayer;
import dev.ashlar.tuning.method.TuningException;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Worked examples by hand, and degenerate groups. */
class RoundToNearestTest {
  private static final float[] ROW_1 = {.10f, -.25f, .40f, -.80f, .55f, .05f, -.02f, .30f};
  private static final float[] ROW_2 = {.10f, -.25f, .40f, -.50f, .80f, .05f, -.02f, .30f};

  private static QuantizedMatrix quantize(float[] w, int bits, boolean symmetric) {
    return RoundToNearest.quantize(
        new LinearLayer(
            "layer", Tensor.of(w, 1, w.length), new IntegerGrid(bits, w.length, symmetric)));
  }

  private static void check(
      float[] w, int bits, boolean symmetric, int half, int zero, int... codes) {
    QuantizedMatrix q = quantize(w, bits, symmetric);
    assertEquals((short) half, Float.floatToFloat16(q.zeroPoints().scales()[0]));
    assertEquals(Float.float16ToFloat((short) half), q.zeroPoints().scales()[0]);
    assertEquals(zero, q.zeroPoints().zeros()[0] & 0xFF);
    for (int i = 0; i < codes.length; i++) {
      assertEquals(codes[i], q.codes().values()[i] & 0xFF, "element " + i);
    }
  }

  @Test
  void symmetricGridsAreFullRangeWithSignedScales() {
    check(ROW_1, 4, true, 0x2E66, 8, 9, 5, 12, 0, 14, 9, 8, 11);
    check(ROW_2, 4, true, 0xAE66, 8, 7, 11, 4, 13, 0, 7, 8, 5);
    check(ROW_2, 3, true, 0xB266, 4, 3, 5, 2, 7, 0, 4, 4, 2);
    check(ROW_2, 2, true, 0xB666, 2, 2, 3, 1, 3, 0, 2, 2, 1);
  }

  @Test
  void asymmetricGridsHaveAZeroPoint() {
    check(ROW_1, 4, false, 0x2DC3, 9, 10, 6, 13, 0, 15, 10, 9, 12);
    check(ROW_2, 4, false, 0x2D8C, 6, 7, 3, 11, 0, 15, 7, 6, 9);
  }

  @Test
  void floatScalesAreNotRounded() {
    LinearLayer layer =
        new LinearLayer("layer", Tensor.of(ROW_2, 1, 8), new IntegerGrid(4, 8, false, DType.F32));
    assertEquals(1.3f / 15, RoundToNearest.quantize(layer).zeroPoints().scales()[0], 1e-8f);
  }

  @Test
  void zeroConstantAndTinyGroupsWork() {
    for (boolean symmetric : new boolean[] {true, false}) {
      for (float value : new float[] {0f, 0.7f, -0.7f, 1e-40f, -1e-30f, 60000f}) {
        float[] w = new float[32];
        Arrays.fill(w, value);
        Tensor back = quantize(w, 4, symmetric).dequantize();
        double tolerance = Math.abs(value) * 0.01 + 1e-5;
        for (int i = 0; i < w.length; i++) {
          assertEquals(value, back.data()[i], tolerance, symmetric + " " + value);
        }
      }
    }
    assertArrayEquals(new float[32], quantize(new float[32], 4, true).dequantize().data());
  }

  @Test
  void aScaleThatOverflowsIsAnErrorThatNamesTheLayer() {
    TuningException e =
        assertThrows(TuningException.class, () -> quantize(new float[] {1e7f, -1e7f}, 2, true));
    assertEquals("layer", e.subject());
    assertTrue(e.getMessage().contains("group 0"), e.getMessage());
  }

  @Test
  void aShortLastGroupHasItsOwnScale() {
    Random random = new Random(3);
    Tensor w = Tensor.zeros(32, 96);
    for (int i = 0; i < w.size(); i++) {
      w.data()[i] = (float) random.nextGaussian();
    }
    QuantizedMatrix q =
        RoundToNearest.quantize(new LinearLayer("layer", w, new IntegerGrid(8, 64, false)));
    assertEquals(64, q.zeroPoints().scales().length);
    Tensor back = q.dequantize();
    for (int i = 0; i < w.size(); i++) {
      assertEquals(
          w.data()[i], back.data()[i], 0.6 * q.zeroPoints().scales()[i / 96 * 2 + i % 96 / 64]);
    }
  }
}

package dev.ashlar.tensor.kernel.vector.packed;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import dev.ashlar.tensor.quant.AffineGroups;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The smallest form that holds scales and minimums exactly is the one that is taken. */
class VectorPackedGroupsTest {
  private static final int OUT = 40;
  private static final int IN = 512;
  private static final int GROUPS = IN / 32;

  private final float[] scales = new float[OUT * GROUPS];
  private final float[] minimums = new float[OUT * GROUPS];
  private final Random random = new Random(1);

  private VectorPackedGroups taken() {
    AffineGroups w = new AffineGroups(OUT, IN, 4, 32, new byte[OUT * IN], scales, minimums);
    VectorPackedGroups groups = VectorPackedGroups.of(w);
    float[] affine = new float[2 * VectorPackedCodes.ROWS];
    for (int o = 0; o < OUT; o++) {
      for (int g = 0; g < GROUPS; g++) {
        groups.affine(o / VectorPackedCodes.ROWS * GROUPS + g, affine);
        int lane = o % VectorPackedCodes.ROWS;
        float scale = scales[o * GROUPS + g];
        assertEquals(scale, affine[lane]);
        // Added zeros make a negative zero a positive one.
        assertEquals(0 + minimums[o * GROUPS + g], 0 + affine[VectorPackedCodes.ROWS + lane]);
      }
    }
    return groups;
  }

  private float half(float x) {
    return Float.float16ToFloat(Float.floatToFloat16(x));
  }

  @Test
  void multiplesOfSharedBasesTakeAByteEach() {
    for (int i = 0; i < scales.length; i++) {
      scales[i] = half(0.01f + i / 8 * 1e-5f) * random.nextInt(64);
      minimums[i] = -half(0.02f + i / 8 * 1e-5f) * random.nextInt(64);
    }
    VectorPackedGroups groups = taken();
    assertInstanceOf(VectorPackedNested.class, groups);
    long rows = (long) VectorPackedMatrix.blocks(OUT) * VectorPackedCodes.ROWS;
    assertEquals(rows * GROUPS * (4 + 8) / 8 * 2, groups.byteSize());
  }

  @Test
  void oneZeroPointNeedsScalesOnly() {
    for (int i = 0; i < scales.length; i++) {
      scales[i] = random.nextFloat() - 0.5f;
      minimums[i] = -8 * scales[i];
    }
    assertInstanceOf(VectorPackedGroups.Centered.class, taken());
  }

  @Test
  void halvesThatAreExactArePaired() {
    for (int i = 0; i < scales.length; i++) {
      scales[i] = half(random.nextFloat());
      minimums[i] = half(random.nextFloat());
    }
    assertInstanceOf(VectorPackedGroups.Halves.class, taken());
    scales[17] = 1e-6f;
    assertInstanceOf(VectorPackedGroups.Affine.class, taken());
  }

  @Test
  void anyFloatsAreHeld() {
    for (int i = 0; i < scales.length; i++) {
      scales[i] = random.nextFloat() - 0.5f;
      minimums[i] = random.nextFloat() * 1e3f;
    }
    assertInstanceOf(VectorPackedGroups.Affine.class, taken());
  }
}

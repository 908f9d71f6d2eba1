package dev.ashlar.tensor.kernel.vector.packed;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import dev.ashlar.tensor.quant.Codes;
import dev.ashlar.tensor.quant.Groups;
import dev.ashlar.tensor.quant.Groups.SuperBlocks;
import dev.ashlar.tensor.quant.QuantizedMatrix;
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
    return taken(new Groups.Minimums(32, scales, minimums));
  }

  private VectorPackedGroups taken(Groups from) {
    Codes codes = new Codes.Integers(4, new byte[OUT * IN]);
    VectorPackedGroups groups = VectorPackedGroups.of(new QuantizedMatrix(OUT, IN, codes, from));
    float[] affine = new float[2 * VectorPackedCodes.ROWS];
    for (int o = 0; o < OUT; o++) {
      for (int g = 0; g < GROUPS; g++) {
        groups.affine(o / VectorPackedCodes.ROWS * GROUPS + g, affine);
        int lane = o % VectorPackedCodes.ROWS;
        assertEquals(from.scale(o * GROUPS + g), affine[lane]);
        // Added zeros make a negative zero a positive one.
        float minimum = from.weight(o * GROUPS + g, 0);
        assertEquals(0 + minimum, 0 + affine[VectorPackedCodes.ROWS + lane]);
      }
    }
    return groups;
  }

  private float half(float x) {
    return Float.float16ToFloat(Float.floatToFloat16(x));
  }

  private SuperBlocks.Multiples multiples(int perBlock) {
    float[] bases = new float[scales.length / perBlock];
    byte[] factors = new byte[scales.length];
    random.nextBytes(factors);
    for (int i = 0; i < bases.length; i++) {
      bases[i] = half(random.nextFloat());
    }
    return new SuperBlocks.Multiples(bases, factors);
  }

  @Test
  void superBlocksStayAsTheyAre() {
    SuperBlocks.Offset below = new SuperBlocks.Offset.Below(multiples(8));
    VectorPackedGroups groups = taken(new SuperBlocks(32, 8, multiples(8), below));
    assertInstanceOf(VectorPackedNested.class, groups);
    long rows = (long) VectorPackedMatrix.blocks(OUT) * VectorPackedCodes.ROWS;
    assertEquals(rows * GROUPS * (4 + 8) / 8 * 2, groups.byteSize());
    SuperBlocks.Offset zero = new SuperBlocks.Offset.ZeroPoint(4);
    groups = taken(new SuperBlocks(32, 4, multiples(4), zero));
    assertInstanceOf(VectorPackedNested.class, groups);
    assertEquals(rows * GROUPS * (4 + 4) / 4, groups.byteSize());
  }

  @Test
  void superBlocksThatFillNoWordsAreMultipliedOut() {
    SuperBlocks.Offset below = new SuperBlocks.Offset.Below(multiples(2));
    assertInstanceOf(
        VectorPackedGroups.Affine.class, taken(new SuperBlocks(32, 2, multiples(2), below)));
    SuperBlocks.Offset zero = new SuperBlocks.Offset.ZeroPoint(4);
    assertInstanceOf(
        VectorPackedGroups.Centered.class, taken(new SuperBlocks(32, 2, multiples(2), zero)));
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

package dev.ashlar.tensor.quant;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.tensor.quant.Groups.SuperBlocks;
import dev.ashlar.tensor.quant.Groups.SuperBlocks.Multiples;
import dev.ashlar.tensor.quant.Groups.SuperBlocks.Offset;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What the parts mean, by hand; and what copies of them mean. */
class QuantizedMatrixTest {
  private static final byte[] CODES = {0, 1, 2, 3, 3, 2, 1, 0};

  private static QuantizedMatrix two(Groups groups) {
    return new QuantizedMatrix(2, 4, new Codes.Integers(2, CODES), groups);
  }

  private static Groups.ZeroPoints zeroPoints() {
    return new Groups.ZeroPoints(
        new IntegerGrid(2, 2, false), new float[] {1, -2, 3, 0.5f}, new byte[] {2, 0, 1, 3});
  }

  @Test
  void zeroPointsAreSubtractedBeforeTheScale() {
    assertArrayEquals(
        new float[] {-2, -1, -4, -6, 6, 3, -1, -1.5f}, two(zeroPoints()).dequantize().data());
  }

  @Test
  void minimumsAreAdded() {
    Groups groups =
        new Groups.Minimums(2, new float[] {1, -2, 3, 0.5f}, new float[] {10, 0, -1, 1});
    assertArrayEquals(new float[] {10, 11, -4, -6, 8, 5, 1.5f, 1}, two(groups).dequantize().data());
  }

  @Test
  void superBlocksMultiplyTheirLevels() {
    Multiples scales = new Multiples(new float[] {0.5f, 2}, new byte[] {2, -4, 1, 3});
    assertArrayEquals(
        new float[] {-1, 0, -2, -4, 4, 2, 0, -6},
        two(new SuperBlocks(2, 2, scales, new Offset.ZeroPoint(1))).dequantize().data());
    Multiples below = new Multiples(new float[] {1, 0.5f}, new byte[] {1, 2, 4, 0});
    assertArrayEquals(
        new float[] {-1, 0, -6, -8, 4, 2, 6, 0},
        two(new SuperBlocks(2, 2, scales, new Offset.Below(below))).dequantize().data());
  }

  @Test
  void columnsMayHaveGroupsOfTheirOwn() {
    QuantizedMatrix w = two(zeroPoints()).withGroupOfColumn(new int[] {1, 0, 1, 0});
    assertArrayEquals(new float[] {-0f, -1, -4, 1, 0, 3, -1, -3}, w.dequantize().data());
  }

  @Test
  void outliersAreAddedToWhatTheCodesGive() {
    Outliers entries =
        new Outliers.Entries(new int[] {0, 1, 3}, new int[] {3, 0, 2}, new float[] {10, 20, 30});
    float[] expected = {-2, -1, -4, 4, 26, 3, 29, -1.5f};
    assertArrayEquals(expected, two(zeroPoints()).withOutliers(entries).dequantize().data());
    Outliers columns = new Outliers.Columns(new int[] {1, 3}, new float[] {1, 2, 3, 4});
    float[] added = {-2, 0, -4, -4, 6, 6, -1, 2.5f};
    assertArrayEquals(added, two(zeroPoints()).withOutliers(columns).dequantize().data());
  }

  @Test
  void tablesAreLookedUp() {
    byte[] codes = {0, 7, 8, 15};
    Groups groups = new Groups.Minimums(4, new float[] {2}, new float[] {0});
    assertArrayEquals(
        new float[] {0, 12, 0, -12},
        new QuantizedMatrix(1, 4, Codes.Table.of(FloatFormat.E2M1, codes), groups)
            .dequantize()
            .data());
    assertArrayEquals(
        new float[] {-2, 0, 2 * 0.07958029955625534f, 2},
        new QuantizedMatrix(1, 4, Codes.Table.nf4(codes), groups).dequantize().data());
  }

  /** Every kind of groups, with outliers of both kinds and without. */
  static List<QuantizedMatrix> all(int out, int in, Random random) {
    byte[] codes = new byte[out * in];
    for (int i = 0; i < codes.length; i++) {
      codes[i] = (byte) random.nextInt(16);
    }
    int groups = out * in / 32;
    float[] scales = floats(groups, random);
    byte[] zeros = new byte[groups];
    random.nextBytes(zeros);
    byte[] factors = new byte[groups];
    random.nextBytes(factors);
    Multiples multiples = new Multiples(floats(groups / 2, random), factors);
    List<Groups> kinds =
        List.of(
            new Groups.ZeroPoints(new IntegerGrid(4, 32, false), scales, zeros),
            new Groups.Minimums(32, scales, floats(groups, random)),
            new SuperBlocks(32, 2, multiples, new Offset.ZeroPoint(5)),
            new SuperBlocks(32, 2, multiples, new Offset.Below(multiples)));
    List<QuantizedMatrix> all = new ArrayList<>();
    for (Groups kind : kinds) {
      QuantizedMatrix w = new QuantizedMatrix(out, in, new Codes.Integers(4, codes), kind);
      all.add(w);
      all.add(w.withOutliers(entries(out, in, random)));
      all.add(
          w.withOutliers(new Outliers.Columns(new int[] {0, 5, in - 1}, floats(3 * out, random))));
    }
    return all;
  }

  private static Outliers entries(int out, int in, Random random) {
    int[] start = new int[out + 1];
    List<Integer> columns = new ArrayList<>();
    for (int o = 0; o < out; o++) {
      for (int k = random.nextInt(9); k < in; k += 1 + random.nextInt(2 * in)) {
        columns.add(k);
      }
      start[o + 1] = columns.size();
    }
    int[] places = columns.stream().mapToInt(k -> k).toArray();
    return new Outliers.Entries(start, places, floats(places.length, random));
  }

  private static float[] floats(int n, Random random) {
    float[] x = new float[n];
    for (int i = 0; i < n; i++) {
      x[i] = random.nextFloat() - 0.5f;
    }
    return x;
  }

  @Test
  void cornersAndOrderedRowsKeepTheirWeights() {
    for (QuantizedMatrix w : all(12, 192, new Random(1))) {
      float[] dense = w.dequantize().data();
      QuantizedMatrix corner = w.corner(7, 128);
      float[] few = corner.dequantize().data();
      QuantizedMatrix turned = w.withRows(o -> 11 - o);
      float[] rows = turned.dequantize().data();
      for (int o = 0; o < 12; o++) {
        for (int k = 0; k < 192; k++) {
          assertEquals(dense[(11 - o) * 192 + k], rows[o * 192 + k], w.toString());
          if (o < 7 && k < 128) {
            assertEquals(dense[o * 192 + k], few[o * 128 + k], w.toString());
          }
        }
      }
    }
  }

  @Test
  void whatDoesNotFitTogetherIsRefused() {
    Codes codes = new Codes.Integers(2, CODES);
    Groups one = new Groups.Minimums(2, new float[4], new float[3]);
    assertThrows(IllegalArgumentException.class, () -> new QuantizedMatrix(2, 4, codes, one));
    assertThrows(
        IllegalArgumentException.class, () -> new QuantizedMatrix(2, 5, codes, zeroPoints()));
    Multiples scales = new Multiples(new float[2], new byte[4]);
    Groups blocks = new SuperBlocks(2, 4, scales, new Offset.ZeroPoint(1));
    assertThrows(IllegalArgumentException.class, () -> two(blocks));
    QuantizedMatrix w = two(zeroPoints());
    assertThrows(IllegalArgumentException.class, () -> w.withGroupOfColumn(new int[] {0, 1, 2, 0}));
    Outliers twice = new Outliers.Columns(new int[] {1, 1}, new float[4]);
    assertThrows(IllegalArgumentException.class, () -> w.withOutliers(twice));
    Outliers outside = new Outliers.Entries(new int[] {0, 0, 1}, new int[] {4}, new float[] {1});
    assertThrows(IllegalArgumentException.class, () -> w.withOutliers(outside));
    assertThrows(IllegalArgumentException.class, () -> new Codes.Integers(9, CODES));
    assertThrows(
        IllegalArgumentException.class, () -> new Codes.Table(new float[] {0, 1, 2}, CODES));
  }

  @Test
  void whatLayoutsCannotSpellIsNamed() {
    QuantizedMatrix w = two(zeroPoints());
    assertEquals(new IntegerGrid(2, 2, false), w.scheme());
    Outliers columns = new Outliers.Columns(new int[] {1}, new float[2]);
    String outliers =
        assertThrows(IllegalArgumentException.class, () -> w.withOutliers(columns).zeroPoints())
            .getMessage();
    assertTrue(outliers.contains("outliers"), outliers);
    Groups minimums = new Groups.Minimums(4, new float[2], new float[2]);
    String found =
        assertThrows(IllegalArgumentException.class, () -> two(minimums).zeroPoints()).getMessage();
    assertTrue(found.contains("minimums"), found);
  }

  @Test
  void damagedScalesAreSeen() {
    float[] damaged = {1, Float.NaN, 3, 4};
    assertTrue(zeroPoints().isFinite());
    assertFalse(new Groups.Minimums(2, new float[4], damaged).isFinite());
    assertFalse(new Groups.Minimums(2, damaged, new float[4]).isFinite());
    Multiples scales = new Multiples(new float[2], new byte[4]);
    Multiples infinite = new Multiples(new float[] {1, Float.NEGATIVE_INFINITY}, new byte[4]);
    assertFalse(new SuperBlocks(2, 2, infinite, new Offset.ZeroPoint(1)).isFinite());
    assertFalse(new SuperBlocks(2, 2, scales, new Offset.Below(infinite)).isFinite());
    assertTrue(new SuperBlocks(2, 2, scales, new Offset.Below(scales)).isFinite());
  }
}

package dev.ashlar.formats.layout;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.formats.checkpoint.CheckpointNotes;
import dev.ashlar.io.InputException;
import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.quant.ActivationScheme;
import dev.ashlar.tensor.quant.ActivationScheme.Element;
import dev.ashlar.tensor.quant.FloatGrid;
import dev.ashlar.tensor.quant.Groups;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.Outliers;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tensor.weights.StoredTensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * The contract of every layout: what it packs it unpacks, and what contradicts itself it refuses.
 */
class PackedLayoutTest {
  private static final String MODULE = "model.layers.0.self_attn.q_proj";

  static QuantizedMatrix random(int out, int in, IntegerGrid scheme, long seed) {
    Random random = new Random(seed);
    int groups = scheme.groups(in);
    byte[] codes = new byte[out * in];
    byte[] zeros = new byte[out * groups];
    float[] scales = new float[out * groups];
    for (int i = 0; i < codes.length; i++) {
      codes[i] = (byte) random.nextInt(scheme.maxCode() + 1);
    }
    for (int i = 0; i < zeros.length; i++) {
      int zero = scheme.symmetric() ? scheme.middle() : 1 + random.nextInt(scheme.maxCode());
      zeros[i] = (byte) zero;
      float scale = (random.nextFloat() - 0.5f) / 16;
      scales[i] = Float.float16ToFloat(Float.floatToFloat16(scale));
    }
    return new QuantizedMatrix(out, in, scheme, codes, scales, zeros);
  }

  static PackedModule stored(List<PackedTensor> tensors) {
    Map<String, StoredTensor> parts = new LinkedHashMap<>();
    for (PackedTensor t : tensors) {
      parts.put(t.name().substring(MODULE.length() + 1), MemoryTensor.of(t));
    }
    return new PackedModule("test", MODULE, parts, new CheckpointNotes("test"));
  }

  static void assertSame(QuantizedMatrix expected, QuantizedMatrix found) {
    assertEquals(expected.out(), found.out());
    assertEquals(expected.in(), found.in());
    assertEquals(expected.scheme(), found.scheme());
    assertArrayEquals(expected.codes().values(), found.codes().values());
    assertArrayEquals(expected.zeroPoints().zeros(), found.zeroPoints().zeros());
    assertArrayEquals(expected.zeroPoints().scales(), found.zeroPoints().scales());
    assertArrayEquals(expected.groupOfColumn(), found.groupOfColumn());
  }

  @TestFactory
  List<DynamicTest> everyLayoutUnpacksWhatItPacks() {
    List<DynamicTest> tests = new ArrayList<>();
    int[][] extents = {{32, 32}, {32, 96}, {544, 64}, {96, 224}};
    for (PackedLayout layout : Layouts.ALL) {
      for (int bits = 2; bits <= 8; bits++) {
        for (int group : new int[] {-1, 16, 32, 64, 128}) {
          for (boolean symmetric : new boolean[] {true, false}) {
            IntegerGrid scheme = new IntegerGrid(bits, group, symmetric);
            for (int[] e : extents) {
              if (layout.refusal(e[0], e[1], scheme).isEmpty()) {
                tests.add(
                    DynamicTest.dynamicTest(
                        layout.name() + " " + scheme + " " + Arrays.toString(e),
                        () -> roundTrip(layout, random(e[0], e[1], scheme, 5))));
              }
            }
          }
        }
      }
    }
    return tests;
  }

  private static void roundTrip(PackedLayout layout, QuantizedMatrix tensor) {
    List<PackedTensor> packed = layout.pack(MODULE, tensor);
    for (PackedTensor t : packed) {
      assertTrue(layout.parts().contains(t.name().substring(MODULE.length() + 1)), t.name());
    }
    assertSame(tensor, layout.unpack(stored(packed), tensor.scheme()));
  }

  @Test
  void actOrderSurvivesWhereGroupsAreWritten() {
    QuantizedMatrix plain = random(32, 64, new IntegerGrid(4, 16, true), 3);
    int[] groups = new int[64];
    for (int k = 0; k < groups.length; k++) {
      groups[k] = (k * 7 + 3) % 4;
    }
    QuantizedMatrix ordered =
        new QuantizedMatrix(
                32,
                64,
                plain.scheme(),
                plain.codes().values(),
                plain.zeroPoints().scales(),
                plain.zeroPoints().zeros())
            .withGroupOfColumn(groups);
    roundTrip(Layouts.GPTQ, ordered);
    roundTrip(Layouts.GPTQ_V2, ordered);
    roundTrip(Layouts.AUTO_ROUND, ordered);
    assertThrows(IllegalArgumentException.class, () -> Layouts.AWQ.pack(MODULE, ordered));
  }

  @Test
  void ashlarsHoldsWhatIsBesideTheCodes() {
    QuantizedMatrix plain = random(32, 64, new IntegerGrid(3, 16, false), 3);
    int[] groups = new int[64];
    for (int k = 0; k < groups.length; k++) {
      groups[k] = (k * 7 + 3) % 4;
    }
    int[] starts = new int[33];
    Arrays.fill(starts, 5, 33, 2);
    Outliers entries = new Outliers.Entries(starts, new int[] {3, 60}, new float[] {0.5f, -1 / 3f});
    Outliers columns = new Outliers.Columns(new int[] {0, 63}, new float[64]);
    ((Outliers.Columns) columns).values()[40] = 7;
    float[] minimums = new float[128];
    Arrays.fill(minimums, -0.25f);
    QuantizedMatrix floats =
        new QuantizedMatrix(
            32, 64, plain.codes(), new Groups.Minimums(16, plain.zeroPoints().scales(), minimums));
    for (QuantizedMatrix q :
        List.of(
            plain,
            plain.withOutliers(entries),
            plain.withOutliers(columns).withGroupOfColumn(groups),
            floats,
            floats.withOutliers(entries))) {
      PackedModule packed = stored(Layouts.ASHLAR.pack(MODULE, q));
      QuantizedMatrix back = Layouts.ASHLAR.unpack(packed, plain.scheme());
      assertEquals(q.toString(), back.toString());
      assertArrayEquals(q.dequantize().data(), back.dequantize().data());
      assertArrayEquals(q.groupOfColumn(), back.groupOfColumn());
    }
    PackedModule packed = stored(Layouts.ASHLAR.pack(MODULE, plain.withOutliers(entries)));
    for (Map.Entry<String, int[]> bad :
        Map.of(
                "outlier_inputs",
                new int[] {3, 64},
                "outlier_starts",
                Arrays.copyOf(new int[] {0, 3}, 33))
            .entrySet()) {
      Map<String, StoredTensor> parts = new LinkedHashMap<>(packed.parts());
      PackedTensor t =
          PlainParts.ints(MODULE, bad.getKey(), Shape.of(bad.getValue().length), bad.getValue());
      parts.put(bad.getKey(), MemoryTensor.of(t));
      assertThrows(
          InputException.class, () -> Layouts.ASHLAR.unpack(with(packed, parts), plain.scheme()));
    }
  }

  @Test
  void anAllZeroGroupIndexMeansNoActOrder() {
    QuantizedMatrix tensor = random(32, 64, new IntegerGrid(4, 16, true), 3);
    PackedModule packed = stored(Layouts.GPTQ.pack(MODULE, tensor));
    Map<String, StoredTensor> parts = new LinkedHashMap<>(packed.parts());
    parts.put("g_idx", new MemoryTensor(MODULE + ".g_idx", DType.I32, Shape.of(64), new byte[256]));
    QuantizedMatrix read = Layouts.GPTQ.unpack(with(packed, parts), tensor.scheme());
    assertNull(read.groupOfColumn());
    assertSame(tensor, read);
  }

  @Test
  void bothConventionsOfOneModelReadAlike() {
    for (int bits : new int[] {2, 3, 4, 8}) {
      QuantizedMatrix tensor = random(64, 64, new IntegerGrid(bits, 32, false), bits);
      QuantizedMatrix v1 =
          Layouts.GPTQ.unpack(stored(Layouts.GPTQ.pack(MODULE, tensor)), tensor.scheme());
      QuantizedMatrix v2 =
          Layouts.GPTQ_V2.unpack(stored(Layouts.GPTQ_V2.pack(MODULE, tensor)), tensor.scheme());
      assertSame(v1, v2);
    }
  }

  @Test
  void mislabelledSymmetricZerosAreBelieved() {
    for (int bits : new int[] {2, 3, 4, 8}) {
      QuantizedMatrix tensor = random(32, 64, new IntegerGrid(bits, 32, true), bits);
      assertSame(
          tensor,
          Layouts.GPTQ.unpack(stored(Layouts.GPTQ_V2.pack(MODULE, tensor)), tensor.scheme()));
      assertSame(
          tensor,
          Layouts.GPTQ_V2.unpack(stored(Layouts.GPTQ.pack(MODULE, tensor)), tensor.scheme()));
    }
  }

  @Test
  void declaredAsymmetricIsFollowed() {
    QuantizedMatrix middle = random(32, 64, new IntegerGrid(4, 32, true), 1);
    QuantizedMatrix read =
        Layouts.GPTQ.unpack(
            stored(Layouts.GPTQ_V2.pack(MODULE, middle)), new IntegerGrid(4, 32, false));
    assertEquals(9, read.zeroPoints().zeros()[0]);
  }

  @Test
  void symmetricIsNotClaimedForOtherZeros() {
    QuantizedMatrix tensor = random(32, 64, new IntegerGrid(4, 32, false), 1);
    for (PackedLayout layout : Layouts.ALL) {
      QuantizedMatrix read =
          layout.unpack(stored(layout.pack(MODULE, tensor)), new IntegerGrid(4, 32, true));
      assertFalse(read.scheme().symmetric(), layout.name());
      assertSame(tensor, read);
    }
  }

  @Test
  void tensorsOverruleAWrongDeclaration() {
    for (PackedLayout layout : Layouts.ALL) {
      QuantizedMatrix tensor = random(64, 128, new IntegerGrid(4, 32, false), 1);
      PackedModule packed = stored(layout.pack(MODULE, tensor));
      assertSame(tensor, layout.unpack(packed, new IntegerGrid(4, 64, false)));
      // Bytes do not show how many bits of them are used.
      if (layout != Layouts.INT_QUANTIZED) {
        assertSame(tensor, layout.unpack(packed, new IntegerGrid(8, 32, false)));
      }
    }
  }

  @Test
  void zeroPointZeroHasNoSpellingInV1() {
    QuantizedMatrix tensor = random(32, 32, new IntegerGrid(4, 32, false), 1);
    tensor.zeroPoints().zeros()[3] = 0;
    assertThrows(IllegalArgumentException.class, () -> Layouts.GPTQ.pack(MODULE, tensor));
    roundTrip(Layouts.GPTQ_V2, tensor);
    roundTrip(Layouts.AWQ, tensor);
  }

  @Test
  void scalesBeyondHalfPrecisionAreRefused() {
    QuantizedMatrix tensor = random(32, 32, new IntegerGrid(4, 32, true), 1);
    tensor.zeroPoints().scales()[5] = 70000;
    for (PackedLayout layout : Layouts.ALL) {
      String message =
          assertThrows(IllegalArgumentException.class, () -> layout.pack(MODULE, tensor))
              .getMessage();
      assertTrue(message.contains("output 5, group 0"), message);
    }
  }

  @Test
  void scalesInFloat32AreWrittenAndReadWhereTheSchemeHasThem() {
    IntegerGrid wide = new IntegerGrid(4, 32, true, DType.F32);
    QuantizedMatrix tensor = random(32, 64, wide, 1);
    tensor.zeroPoints().scales()[5] = -750_000;
    tensor.zeroPoints().scales()[6] = 1e-30f;
    for (PackedLayout layout : Layouts.ALL) {
      PackedModule packed = stored(layout.pack(MODULE, layout.storable(tensor)));
      String part = layout.parts().contains("scales") ? "scales" : "weight_scale";
      assertEquals(DType.F32, packed.parts().get(part).dtype());
      QuantizedMatrix read = layout.unpack(packed, new IntegerGrid(4, 32, true));
      assertArrayEquals(tensor.dequantize().data(), read.dequantize().data());
      assertEquals(DType.F32, read.scheme().scaleType());
    }
  }

  @Test
  void aGroupSizeThatLeavesARestIsNotAwqs() {
    QuantizedMatrix tensor = random(32, 128, new IntegerGrid(4, 64, false), 1);
    PackedModule packed = stored(Layouts.AWQ.pack(MODULE, tensor));
    QuantizedMatrix read = Layouts.AWQ.unpack(packed, new IntegerGrid(4, 100, false));
    assertEquals(64, read.scheme().groupSize());
    assertArrayEquals(tensor.dequantize().data(), read.dequantize().data());
  }

  @Test
  void scalesInBf16AreRead() {
    QuantizedMatrix tensor = random(32, 32, new IntegerGrid(4, 32, true), 1);
    PackedModule packed = stored(Layouts.AUTO_ROUND.pack(MODULE, tensor));
    byte[] bytes = new byte[64];
    for (int o = 0; o < 32; o++) {
      short half = (short) (Float.floatToRawIntBits(tensor.zeroPoints().scales()[o]) >>> 16);
      bytes[2 * o] = (byte) half;
      bytes[2 * o + 1] = (byte) (half >> 8);
      tensor.zeroPoints().scales()[o] = Float.intBitsToFloat(half << 16);
    }
    Map<String, StoredTensor> parts = new LinkedHashMap<>(packed.parts());
    parts.put("scales", new MemoryTensor(MODULE + ".scales", DType.BF16, Shape.of(1, 32), bytes));
    assertSame(tensor, Layouts.AUTO_ROUND.unpack(with(packed, parts), tensor.scheme()));
  }

  @TestFactory
  List<DynamicTest> everyPartIsChecked() {
    List<DynamicTest> tests = new ArrayList<>();
    for (PackedLayout layout : Layouts.ALL) {
      QuantizedMatrix tensor = random(64, 128, new IntegerGrid(4, 32, false), 1);
      PackedModule packed = stored(layout.pack(MODULE, tensor));
      for (String part : packed.parts().keySet()) {
        StoredTensor good = packed.parts().get(part);
        if (!part.equals("g_idx")) {
          tests.add(refused(layout, packed, part, "missing", null));
        }
        tests.add(refused(layout, packed, part, "type", copy(good, DType.U32, good.shape())));
        tests.add(
            refused(layout, packed, part, "rank", copy(good, good.dtype(), Shape.of(1, 1, 1))));
        tests.add(refused(layout, packed, part, "empty", copy(good, good.dtype(), Shape.of(0, 8))));
        long[] dims = good.shape().toArray();
        dims[0] += 1;
        tests.add(refused(layout, packed, part, "long", copy(good, good.dtype(), Shape.of(dims))));
        dims = good.shape().toArray();
        dims[dims.length - 1] -= 1;
        tests.add(
            refused(layout, packed, part, "narrow", copy(good, good.dtype(), Shape.of(dims))));
      }
    }
    return tests;
  }

  private static DynamicTest refused(
      PackedLayout layout, PackedModule packed, String part, String how, StoredTensor bad) {
    return DynamicTest.dynamicTest(
        layout.name() + " " + part + " " + how,
        () -> {
          Map<String, StoredTensor> parts = new LinkedHashMap<>(packed.parts());
          if (bad == null) {
            parts.remove(part);
          } else {
            parts.put(part, bad);
          }
          InputException e =
              assertThrows(
                  InputException.class,
                  () -> layout.unpack(with(packed, parts), new IntegerGrid(4, 32, false)));
          assertTrue(e.place().startsWith(MODULE + "."), e.getMessage());
          assertEquals("test", e.file());
        });
  }

  private static StoredTensor copy(StoredTensor t, DType type, Shape shape) {
    return new MemoryTensor(
        t.name(), type, shape, new byte[(int) Math.max(t.byteSize(), shape.size() * 4)]);
  }

  private static PackedModule with(PackedModule packed, Map<String, StoredTensor> parts) {
    return new PackedModule(packed.file(), packed.module(), parts, packed.notes());
  }

  @Test
  void whatIsNoIntegerMatrixIsRefused() {
    IntegerGrid grid = new IntegerGrid(4, 32, true);
    Element eight = new Element.Integers(8, true);
    ActivationScheme rounded = new ActivationScheme(eight, -1, true);
    QuantScheme inputs = new IntegerGrid(4, 32, true, DType.F16, Optional.of(rounded));
    QuantizedMatrix plain = random(32, 64, grid, 1);
    QuantizedMatrix outliers =
        plain.withOutliers(new Outliers.Columns(new int[] {3}, new float[32]));
    for (PackedLayout layout : Layouts.ALL) {
      assertTrue(layout.refusal(32, 64, FloatGrid.mxfp4()).isPresent(), layout.name());
      if (layout != Layouts.ASHLAR) {
        // How inputs are rounded is for the configuration to say.
        assertEquals(layout.refusal(32, 64, grid), layout.refusal(32, 64, inputs), layout.name());
        assertThrows(IllegalArgumentException.class, () -> layout.pack("m", outliers));
      }
    }
  }
}

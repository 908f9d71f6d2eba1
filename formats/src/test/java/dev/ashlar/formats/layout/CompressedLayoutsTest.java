package dev.ashlar.formats.layout;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.formats.checkpoint.CheckpointNotes;
import dev.ashlar.io.InputException;
import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tensor.weights.StoredTensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The integer layouts of compressed-tensors, bit by bit and in older spellings. */
class CompressedLayoutsTest {
  private static final String MODULE = "m";

  private static QuantizedMatrix matrix(IntegerGrid grid, int out, int in) {
    byte[] codes = new byte[out * in];
    for (int i = 0; i < codes.length; i++) {
      codes[i] = (byte) (i * 5 % (grid.maxCode() + 1));
    }
    byte[] zeros = new byte[out * grid.groups(in)];
    float[] scales = new float[zeros.length];
    for (int i = 0; i < zeros.length; i++) {
      zeros[i] = (byte) (grid.symmetric() ? grid.middle() : i % (grid.maxCode() + 1));
      scales[i] = (i % 7 - 3.5f) / 16;
    }
    return new QuantizedMatrix(out, in, grid, codes, scales, zeros);
  }

  private static Map<String, StoredTensor> stored(List<PackedTensor> parts) {
    Map<String, StoredTensor> stored = new LinkedHashMap<>();
    for (PackedTensor p : parts) {
      stored.put(
          p.name().substring(MODULE.length() + 1),
          new MemoryTensor(p.name(), p.dtype(), p.shape(), p.bytes()));
    }
    return stored;
  }

  private static PackedModule module(Map<String, StoredTensor> parts) {
    return new PackedModule("file", MODULE, parts, new CheckpointNotes("file"));
  }

  private static void put(
      Map<String, StoredTensor> parts, String part, DType type, Shape shape, byte[] bytes) {
    parts.put(part, new MemoryTensor(MODULE + "." + part, type, shape, bytes));
  }

  private static byte[] ints(int... values) {
    ByteBuffer bytes =
        ByteBuffer.allocate(values.length * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asIntBuffer().put(values);
    return bytes.array();
  }

  /** Signed -8 -7 -1 0 1 2 6 7 is the word 0xFEA98710. */
  @Test
  void aRowIsAStreamOfOffsetCodes() {
    IntegerGrid grid = new IntegerGrid(4, -1, true);
    byte[] codes = {0, 1, 7, 8, 9, 10, 14, 15};
    QuantizedMatrix q = new QuantizedMatrix(1, 8, grid, codes, new float[] {1}, new byte[] {8});
    List<PackedTensor> parts = Layouts.PACK_QUANTIZED.pack(MODULE, q);
    assertArrayEquals(ints(0xFEA98710), parts.getFirst().bytes());
    assertEquals("m.weight_scale F16[1, 1]", described(parts.get(1)));
    assertEquals("m.weight_shape I64[2]", described(parts.get(2)));
    assertEquals(3, parts.size());
  }

  private static String described(PackedTensor t) {
    return t.name() + " " + t.dtype() + t.shape();
  }

  /** Ten values of three bits in a word, as files were before the streams were dense. */
  @Test
  void wordsOfWholeValuesAreRead() {
    IntegerGrid grid = new IntegerGrid(3, 32, false);
    QuantizedMatrix q = matrix(grid, 32, 64);
    Map<String, StoredTensor> parts = stored(Layouts.PACK_QUANTIZED.pack(MODULE, q));
    int words = Math.ceilDiv(64, 10);
    int[] loose = new int[32 * words];
    for (int i = 0; i < 32 * 64; i++) {
      loose[i / 64 * words + i % 64 / 10] |= q.codes().values()[i] << i % 64 % 10 * 3;
    }
    put(parts, "weight_packed", DType.I32, Shape.of(32, words), ints(loose));
    int[] zeros = new int[Math.ceilDiv(32, 10) * 2];
    for (int o = 0; o < 32; o++) {
      for (int g = 0; g < 2; g++) {
        zeros[o / 10 * 2 + g] |= q.zeroPoints().zeros()[o * 2 + g] << o % 10 * 3;
      }
    }
    put(parts, "weight_zero_point", DType.I32, Shape.of(4, 2), ints(zeros));
    put(parts, "weight_shape", DType.I32, Shape.of(2), ints(32, 64));
    QuantizedMatrix read = Layouts.PACK_QUANTIZED.unpack(module(parts), grid);
    assertArrayEquals(q.dequantize().data(), read.dequantize().data());
  }

  @Test
  void reorderedColumnsAreReadAndNotWritten() {
    IntegerGrid grid = new IntegerGrid(4, 32, true);
    int[] groups = new int[64];
    for (int k = 0; k < 64; k++) {
      groups[k] = k % 2;
    }
    QuantizedMatrix plain = matrix(grid, 32, 64);
    Map<String, StoredTensor> parts = stored(Layouts.PACK_QUANTIZED.pack(MODULE, plain));
    put(parts, "weight_g_idx", DType.I32, Shape.of(64), ints(groups));
    QuantizedMatrix q = plain.withGroupOfColumn(groups);
    QuantizedMatrix read = Layouts.PACK_QUANTIZED.unpack(module(parts), grid);
    assertArrayEquals(q.dequantize().data(), read.dequantize().data());
    for (PackedLayout layout : List.of(Layouts.PACK_QUANTIZED, Layouts.INT_QUANTIZED)) {
      assertThrows(IllegalArgumentException.class, () -> layout.pack(MODULE, q));
    }
  }

  @Test
  void oneScaleMayBeForTheWholeMatrix() {
    IntegerGrid grid = new IntegerGrid(8, -1, true);
    QuantizedMatrix q = matrix(grid, 32, 32);
    Arrays.fill(q.zeroPoints().scales(), 0.25f);
    Map<String, StoredTensor> parts = stored(Layouts.INT_QUANTIZED.pack(MODULE, q));
    put(parts, "weight_scale", DType.F32, Shape.of(1), ints(Float.floatToIntBits(0.25f)));
    QuantizedMatrix read = Layouts.INT_QUANTIZED.unpack(module(parts), grid);
    assertArrayEquals(q.dequantize().data(), read.dequantize().data());
  }

  @Test
  void bytesOfMoreBitsThanDeclaredAreRefused() {
    QuantizedMatrix q = matrix(new IntegerGrid(8, -1, true), 32, 32);
    PackedModule packed = module(stored(Layouts.INT_QUANTIZED.pack(MODULE, q)));
    InputException e =
        assertThrows(
            InputException.class,
            () -> Layouts.INT_QUANTIZED.unpack(packed, new IntegerGrid(4, -1, true)));
    assertTrue(e.getMessage().contains("numbers of 4 bits"), e.getMessage());
  }
}

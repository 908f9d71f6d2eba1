package dev.ashlar.formats.gguf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.formats.Shared;
import dev.ashlar.formats.safetensors.SafetensorsFile;
import dev.ashlar.io.InputException;
import dev.ashlar.io.json.Json;
import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.weights.StoredTensor;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

class GgufFileTest {
  /** Every tensor type against the values that the reference implementation gives. */
  @TestFactory
  List<DynamicTest> widensAsTheReferenceDoes() {
    Path folder = Shared.path("fixtures/gguf");
    Map<String, Object> index = Json.readObject(folder.resolve("index.json"));
    List<DynamicTest> tests = new ArrayList<>();
    for (String name : index.keySet()) {
      if (!(index.get(name) instanceof Map<?, ?> entry) || !entry.containsKey("type")) {
        continue; // a file of metadata only
      }
      tests.add(DynamicTest.dynamicTest(name, () -> assertWidens(folder, name)));
    }
    return tests;
  }

  private static void assertWidens(Path folder, String name) {
    try (GgufFile file = GgufFile.open(folder.resolve(name + ".gguf"));
        SafetensorsFile goldens = SafetensorsFile.open(folder.resolve("expected.safetensors"))) {
      String key = goldens.find(name).isPresent() ? name : "source";
      float[] expected = goldens.tensor(key).toTensor().data();
      StoredTensor t = file.find("t").orElseThrow();
      assertEquals(goldens.tensor(key).shape(), t.shape());
      float[] found = t.toTensor().data();
      for (int i = 0; i < expected.length; i++) {
        assertEquals(expected[i], found[i], Math.ulp(expected[i]), name + " at " + i);
      }
      assertRangesAgree(t, found);
    }
  }

  /** Any range of elements, across and within blocks, is that range of the whole. */
  private static void assertRangesAgree(StoredTensor t, float[] whole) {
    Random random = new Random(5);
    for (int i = 0; i < 50; i++) {
      int from = random.nextInt(whole.length);
      int count = random.nextInt(Math.min(700, whole.length - from + 1));
      float[] part = new float[count + 2];
      t.read(from, part, 1, count);
      for (int k = 0; k < count; k++) {
        assertEquals(whole[from + k], part[k + 1]);
      }
      assertEquals(0, part[count + 1]);
    }
  }

  /** The same on one row per type, kept beside the test. */
  @TestFactory
  List<DynamicTest> widensTheKeptRows(@TempDir Path temp) throws IOException {
    Path copy = temp.resolve("blocks.safetensors");
    try (InputStream in = GgufFileTest.class.getResourceAsStream("blocks.safetensors")) {
      Files.copy(in, copy);
    }
    List<DynamicTest> tests = new ArrayList<>();
    try (SafetensorsFile kept = SafetensorsFile.open(copy)) {
      for (GgufType type : GgufType.values()) {
        if (type.block() != null) {
          byte[] src = new byte[(int) kept.tensor(type + ".bytes").byteSize()];
          kept.tensor(type + ".bytes").readBytes(0, src, 0, src.length);
          float[] expected = kept.tensor(type + ".values").toTensor().data();
          tests.add(DynamicTest.dynamicTest(type.name(), () -> assertWidens(type, src, expected)));
        }
      }
    }
    return tests;
  }

  private static void assertWidens(GgufType type, byte[] src, float[] expected) {
    float[] found = new float[expected.length];
    for (int b = 0; b < src.length / type.bytes(); b++) {
      type.block().dequantize(src, b * type.bytes(), found, b * type.elements());
    }
    for (int i = 0; i < expected.length; i++) {
      assertEquals(expected[i], found[i], Math.ulp(expected[i]), type + " at " + i);
    }
  }

  @Test
  void everyListedTypeIsCovered() throws IOException {
    Path folder = Shared.path("fixtures/gguf");
    Set<String> covered = new TreeSet<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "*.gguf")) {
      for (Path path : files) {
        try (GgufFile file = GgufFile.open(path)) {
          file.names().forEach(n -> covered.add(file.find(n).orElseThrow().storage()));
        } catch (InputException e) {
          assertTrue(e.getMessage().contains("big-endian"), e.getMessage());
        }
      }
    }
    Set<String> missing = new TreeSet<>();
    for (GgufType type : GgufType.values()) {
      if (type.block() != null && !covered.contains(type.name())) {
        missing.add(type.name());
      }
    }
    assertEquals(Set.of(), missing);
  }

  @Test
  void readsEveryKindOfMetadata() {
    try (GgufFile f = GgufFile.open(Shared.path("fixtures/gguf/metadata_le.gguf"))) {
      Map<String, Object> m = f.metadata();
      assertEquals(200L, m.get("m.u8"));
      assertEquals(-100L, m.get("m.i8"));
      assertEquals(60000L, m.get("m.u16"));
      assertEquals(4000000000L, m.get("m.u32"));
      assertEquals("9223372036854775813", m.get("m.u64").toString());
      assertEquals(0.15625f, m.get("m.f32"));
      assertEquals(Math.PI, m.get("m.f64"));
      assertEquals(true, m.get("m.true"));
      assertEquals("naïve 日本 😀\nline", m.get("m.str"));
      assertEquals(List.of(1L, -2L, 3L), m.get("m.arr_i32"));
      assertEquals(List.of("a", "", "ü"), m.get("m.arr_str"));
      assertEquals(List.of(true, false), m.get("m.arr_bool"));
      assertEquals(64L, m.get("general.alignment"));
      assertEquals(Shape.of(2, 3, 4), f.find("a.weight").orElseThrow().shape());
      StoredTensor ints = f.find("d.i32").orElseThrow();
      byte[] raw = new byte[16];
      ints.readBytes(0, raw, 0, 16);
      assertEquals(raw[0], (byte) ints.toTensor().data()[0]);
    }
  }

  /** The shorter scale encodings, from golden vectors. */
  @Test
  void unpacksTheSpecifiedScaleBytes() {
    byte[] q4 = new byte[144];
    q4[1] = 0x3C; // d = 1
    q4[3] = 0x3C; // dmin = 1
    int[] scales = {0x01, 0x51, 0xA1, 0xFF, 0x02, 0x52, 0xA2, 0xFD, 0x65, 0x65, 0xBA, 0xCE};
    for (int i = 0; i < 12; i++) {
      q4[4 + i] = (byte) scales[i];
    }
    Arrays.fill(q4, 16, 144, (byte) 0x11);
    float[] out = new float[256];
    SuperBlocks.q4k(q4, 0, out, 0);
    int[] sc = {1, 17, 33, 63, 5, 21, 42, 62};
    int[] mn = {2, 18, 34, 61, 6, 22, 43, 60};
    float[] expected = new float[256];
    for (int i = 0; i < 256; i++) {
      expected[i] = sc[i / 32] - mn[i / 32];
    }
    assertArrayEquals(expected, out);
  }

  @Test
  void refusesRangesOutside() {
    try (GgufFile f = GgufFile.open(Shared.path("fixtures/gguf/q4_0.gguf"))) {
      StoredTensor t = f.find("t").orElseThrow();
      float[] target = new float[10];
      assertThrows(IllegalArgumentException.class, () -> t.read(4095, target, 0, 2));
      assertThrows(IllegalArgumentException.class, () -> t.read(-1, target, 0, 1));
    }
  }
}

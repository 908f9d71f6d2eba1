package dev.ashlar.formats.gguf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.formats.Shared;
import dev.ashlar.formats.safetensors.SafetensorsFile;
import dev.ashlar.tensor.blocks.Row;
import dev.ashlar.tensor.weights.StoredTensor;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.IntToDoubleFunction;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** What is written against the reference implementation's bytes and errors. */
class EncodersTest {
  /** Types whose bytes are given by a rule and not by a search. */
  private static final Set<GgufType> EXACT =
      Set.of(
          GgufType.Q4_0,
          GgufType.Q4_1,
          GgufType.Q5_0,
          GgufType.Q5_1,
          GgufType.Q8_0,
          GgufType.TQ1_0,
          GgufType.TQ2_0,
          GgufType.MXFP4);

  private static final String[] SUFFIXES = {"", "_ref"};

  static byte[] encode(GgufType type, float[] values, float[] importance) {
    byte[] bytes = new byte[values.length / type.elements() * type.bytes()];
    Row row = new Row(values, importance);
    for (int b = 0; b < values.length / type.elements(); b++) {
      type.encoder().encode(row, b * type.elements(), bytes, b * type.bytes());
    }
    return bytes;
  }

  static float[] decode(GgufType type, byte[] bytes) {
    float[] values = new float[bytes.length / type.bytes() * type.elements()];
    for (int b = 0; b < bytes.length / type.bytes(); b++) {
      type.block().dequantize(bytes, b * type.bytes(), values, b * type.elements());
    }
    return values;
  }

  private static double error(float[] x, float[] y, IntToDoubleFunction weight) {
    double sum = 0;
    for (int i = 0; i < x.length; i++) {
      sum += weight.applyAsDouble(i) * (x[i] - y[i]) * (x[i] - y[i]);
    }
    return sum;
  }

  /** A column's importance, or 1, times the size of the value beside its block's. */
  private static IntToDoubleFunction weight(GgufType type, float[] x, float[] importance) {
    int n = type.elements();
    return i -> {
      double square = 0;
      for (int k = i / n * n; k < i / n * n + n; k++) {
        square += (double) x[k] * x[k];
      }
      double column = importance == null ? 1 : importance[i % importance.length];
      return column * Math.sqrt(square / n + x[i] * x[i]);
    };
  }

  @TestFactory
  List<DynamicTest> asTheReferenceOrBetter() {
    Path folder = Shared.path("fixtures/gguf");
    List<DynamicTest> tests = new ArrayList<>();
    for (GgufType type : GgufType.values()) {
      for (String suffix : SUFFIXES) {
        Path file =
            folder.resolve(type.name().toLowerCase(java.util.Locale.ROOT) + suffix + ".gguf");
        if (type.encoder() != null && Files.exists(file)) {
          tests.add(
              DynamicTest.dynamicTest(type.name(), () -> assertReference(type, folder, file)));
        }
      }
    }
    assertEquals(15, tests.size());
    return tests;
  }

  private static void assertReference(GgufType type, Path folder, Path path) {
    try (GgufFile file = GgufFile.open(path);
        SafetensorsFile goldens = SafetensorsFile.open(folder.resolve("expected.safetensors"))) {
      float[] source = goldens.tensor("source").toTensor().data();
      StoredTensor stored = file.find("t").orElseThrow();
      byte[] expected = new byte[(int) stored.byteSize()];
      stored.readBytes(0, expected, 0, expected.length);
      byte[] found = encode(type, source, null);
      if (EXACT.contains(type)) {
        assertArrayEquals(expected, found);
        return;
      }
      for (IntToDoubleFunction weight : List.of(weight(type, source, null), i -> 1.0)) {
        double theirs = error(source, decode(type, expected), weight);
        double ours = error(source, decode(type, found), weight);
        assertTrue(ours <= theirs, type + ": " + ours + " beside the reference's " + theirs);
      }
    }
  }

  /**
   * Blocks that llama.cpp's library made of rows of five kinds (bench/interop/llama_blocks.py),
   * without and with the importance of columns.
   */
  @TestFactory
  List<DynamicTest> noWorseThanBlocksOfLlamaCpp(@TempDir Path temp) throws IOException {
    Path copy = temp.resolve("encoders.safetensors");
    try (InputStream in = EncodersTest.class.getResourceAsStream("encoders.safetensors")) {
      Files.copy(in, copy);
    }
    Map<String, float[]> rows = new LinkedHashMap<>();
    Map<String, byte[]> blocks = new HashMap<>();
    try (SafetensorsFile kept = SafetensorsFile.open(copy)) {
      for (String name : kept.names()) {
        StoredTensor tensor = kept.tensor(name);
        if (name.endsWith(".source") || name.equals("importance")) {
          rows.put(name, tensor.toTensor().data());
        } else {
          byte[] bytes = new byte[(int) tensor.byteSize()];
          tensor.readBytes(0, bytes, 0, bytes.length);
          blocks.put(name, bytes);
        }
      }
    }
    float[] importance = rows.remove("importance");
    assertEquals(5, rows.size());
    List<DynamicTest> tests = new ArrayList<>();
    for (GgufType type : GgufType.values()) {
      if (type.encoder() != null) {
        tests.add(DynamicTest.dynamicTest(type + "", () -> beside(type, rows, null, blocks)));
        tests.add(
            DynamicTest.dynamicTest(
                type + " with importance", () -> beside(type, rows, importance, blocks)));
      }
    }
    assertEquals(30, tests.size());
    return tests;
  }

  private static void beside(
      GgufType type, Map<String, float[]> rows, float[] importance, Map<String, byte[]> blocks) {
    double logs = 0;
    StringBuilder all = new StringBuilder();
    for (Map.Entry<String, float[]> kind : rows.entrySet()) {
      float[] x = kind.getValue();
      String name =
          kind.getKey().replace("source", type + (importance == null ? "" : ".importance"));
      byte[] expected = blocks.get(name);
      byte[] found = encodeRows(type, x, importance);
      if (EXACT.contains(type) && (importance == null || Arrays.equals(expected, found))) {
        assertArrayEquals(expected, found, name);
        continue;
      }
      IntToDoubleFunction weight = weight(type, x, importance);
      double theirs = error(x, decode(type, expected), weight);
      double ours = error(x, decode(type, found), weight);
      double ratio = Math.sqrt(ours / theirs);
      assertTrue(ratio <= 1.03, name + ": " + ratio);
      logs += Math.log(ratio) / rows.size();
      all.append(" %s %.3f".formatted(kind.getKey(), ratio));
    }
    double mean = Math.exp(logs);
    assertTrue(mean <= most(type, importance != null), type + ": " + mean + all);
  }

  /** Root errors beside llama.cpp's, as a geometric mean over the kinds of rows. */
  private static double most(GgufType type, boolean importance) {
    return switch (type) {
      case Q2_K -> 0.85;
      case Q3_K -> importance ? 0.99 : 0.98;
      case Q4_K, Q5_K, Q6_K, IQ4_NL, IQ4_XS -> importance ? 0.985 : 0.995;
      default -> 1;
    };
  }

  private static byte[] encodeRows(GgufType type, float[] x, float[] importance) {
    int in = 512;
    byte[] bytes = new byte[x.length / type.elements() * type.bytes()];
    int rowBytes = in / type.elements() * type.bytes();
    for (int r = 0; r < x.length / in; r++) {
      byte[] row = encode(type, Arrays.copyOfRange(x, r * in, r * in + in), importance);
      System.arraycopy(row, 0, bytes, r * rowBytes, rowBytes);
    }
    return bytes;
  }

  /** Two blocks from the description of the format (docs/formats.md, GGUF). */
  @Test
  void blocksOfTheDescription() {
    float[] x = new float[32];
    for (int i = 0; i < 32; i++) {
      x[i] = (i % 2 == 0 ? 1 : -1) * (i + 1) / 4f;
    }
    HexFormat hex = HexFormat.of();
    assertEquals(
        "003cc848d937d937ea26ea26fb15fb15fc04", hex.formatHex(encode(GgufType.Q4_0, x, null)));
    byte[] eight = encode(GgufType.Q8_0, x, null);
    assertEquals("082c04f80cf0", hex.formatHex(eight, 0, 6));
    assertEquals("7b81", hex.formatHex(eight, 32, 34));
  }

  /** Values of bytes are encoded again with hardly an error, zeros with none. */
  @Test
  void whatLiesOnTheGridStaysThere() {
    Random random = new Random(11);
    for (GgufType type : GgufType.values()) {
      if (type.encoder() == null) {
        continue;
      }
      float[] zeros = new float[512];
      assertEquals(
          0, error(zeros, decode(type, encode(type, zeros, null)), i -> 1), type + " of zeros");
      float[] x = new float[512];
      for (int i = 0; i < x.length; i++) {
        x[i] = (float) random.nextGaussian();
      }
      float[] once = decode(type, encode(type, x, null));
      float[] twice = decode(type, encode(type, once, null));
      double moved = Math.sqrt(error(once, twice, i -> 1) / error(once, zeros, i -> 1));
      double first = Math.sqrt(error(x, once, i -> 1) / error(x, zeros, i -> 1));
      assertTrue(moved <= 0.35 * first, type + ": " + moved + " after " + first);
    }
  }

  /** Importance moves the error away from the columns that count. */
  @Test
  void importantColumnsAreNearer() {
    Random random = new Random(12);
    float[] x = new float[4096];
    float[] importance = new float[4096];
    for (int i = 0; i < x.length; i++) {
      x[i] = (float) random.nextGaussian();
      importance[i] = i % 8 == 0 ? 100 : 1;
    }
    for (GgufType type : GgufType.values()) {
      boolean searches = type.encoder() != null && (!EXACT.contains(type) || type.bytes() < 25);
      if (!searches || type == GgufType.MXFP4) {
        continue;
      }
      double plain = error(x, decode(type, encode(type, x, null)), i -> importance[i]);
      double weighted = error(x, decode(type, encode(type, x, importance)), i -> importance[i]);
      assertTrue(weighted < 0.9 * plain, type + ": " + weighted + " beside " + plain);
    }
  }

  /** A grid that is known is found: the error is that of quantized scales alone. */
  @Test
  void knownGridsAreKept() {
    Random random = new Random(13);
    float[] x = new float[1024];
    float[] steps = new float[x.length / Row.STRETCH];
    float[] lows = new float[steps.length];
    for (int g = 0; g < steps.length; g++) {
      boolean first = g % 8 == 0;
      steps[g] = first ? 0.01f + 0.02f * random.nextFloat() : steps[g - 1];
      lows[g] = first ? -steps[g] * (5 + random.nextInt(6)) : lows[g - 1];
    }
    for (int i = 0; i < x.length; i++) {
      int g = i / Row.STRETCH;
      x[i] = lows[g] + steps[g] * (3 + random.nextInt(9));
    }
    double[] known = new double[GgufType.values().length];
    double[] guessed = new double[known.length];
    for (GgufType type : GgufType.values()) {
      if (type.encoder() == null) {
        continue;
      }
      byte[] bytes = new byte[x.length / type.elements() * type.bytes()];
      Row row = new Row(x, null, steps, lows);
      for (int b = 0; b < x.length / type.elements(); b++) {
        type.encoder().encode(row, b * type.elements(), bytes, b * type.bytes());
      }
      double square = error(x, new float[x.length], i -> 1);
      known[type.ordinal()] = Math.sqrt(error(x, decode(type, bytes), i -> 1) / square);
      guessed[type.ordinal()] =
          Math.sqrt(error(x, decode(type, encode(type, x, null)), i -> 1) / square);
      assertTrue(
          known[type.ordinal()] <= 1.05 * guessed[type.ordinal()] + 1e-3,
          type + ": " + known[type.ordinal()] + " beside " + guessed[type.ordinal()]);
    }
    double off = known[GgufType.Q4_K.ordinal()];
    assertTrue(off < 0.02, off + " beside " + guessed[GgufType.Q4_K.ordinal()]);
    // Nothing is rounded but the two halves.
    assertTrue(known[GgufType.Q4_1.ordinal()] < 1e-3, known[GgufType.Q4_1.ordinal()] + "");
  }
}

package dev.ashlar.formats.gguf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.formats.Shared;
import dev.ashlar.formats.gguf.encode.Row;
import dev.ashlar.formats.safetensors.SafetensorsFile;
import dev.ashlar.tensor.weights.StoredTensor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.IntToDoubleFunction;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

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

  /** What the search of each type counts. */
  private static IntToDoubleFunction weight(GgufType type, float[] x) {
    return switch (type) {
      case Q2_K -> i -> Math.abs(x[i]);
      case Q4_K, Q5_K ->
          i -> {
            double square = 0;
            for (int k = i / 32 * 32; k < i / 32 * 32 + 32; k++) {
              square += (double) x[k] * x[k];
            }
            return Math.abs(x[i]) + Math.sqrt(square / 32);
          };
      default -> i -> (double) x[i] * x[i];
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
      IntToDoubleFunction weight = weight(type, source);
      double theirs = error(source, decode(type, expected), weight);
      double ours = error(source, decode(type, found), weight);
      assertTrue(ours <= theirs, type + ": " + ours + " beside the reference's " + theirs);
    }
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
    GgufType type = GgufType.Q4_K;
    Row row = new Row(x, null, steps, lows);
    byte[] known = new byte[4 * type.bytes()];
    for (int b = 0; b < 4; b++) {
      type.encoder().encode(row, 256 * b, known, type.bytes() * b);
    }
    double off =
        Math.sqrt(error(x, decode(type, known), i -> 1) / error(x, new float[x.length], i -> 1));
    double guessed =
        Math.sqrt(
            error(x, decode(type, encode(type, x, null)), i -> 1)
                / error(x, new float[x.length], i -> 1));
    assertTrue(off < 0.02, off + " beside " + guessed);
    assertTrue(off < guessed / 2, off + " beside " + guessed);
  }
}

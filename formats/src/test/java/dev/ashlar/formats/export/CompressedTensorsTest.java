package dev.ashlar.formats.export;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.formats.Checkpoints;
import dev.ashlar.formats.Shared;
import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.io.json.Json;
import dev.ashlar.io.json.JsonWriter;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.quant.ActivationScheme;
import dev.ashlar.tensor.quant.ActivationScheme.Element;
import dev.ashlar.tensor.quant.FloatFormat;
import dev.ashlar.tensor.quant.FloatGrid;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tensor.quant.Unquantized;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Folders of compressed-tensors: AutoRound's own again byte by byte, and what each key says. */
class CompressedTensorsTest {
  private static final LlmCompressorFormat FORMAT = new LlmCompressorFormat();

  /** What every program says of itself. */
  private static final List<String> PRODUCER = List.of("provider", "ashlar");

  @TempDir Path temporary;

  @TestFactory
  List<DynamicTest> foldersOfThePeerAreWrittenAgain() throws IOException {
    List<DynamicTest> tests = new ArrayList<>();
    Path exports = Shared.path("fixtures/autoround/exports");
    try (Stream<Path> folders = Files.walk(exports, 2)) {
      for (Path folder : folders.filter(f -> f.endsWith("llm_compressor")).sorted().toList()) {
        String name = folder.getParent().getFileName().toString();
        tests.add(DynamicTest.dynamicTest(name, () -> again(folder, temporary.resolve(name))));
      }
    }
    assertTrue(tests.size() >= 9, tests.size() + " folders");
    return tests;
  }

  private static void again(Path peer, Path folder) throws IOException {
    try (Checkpoint source = Checkpoints.open(peer)) {
      Map<String, QuantScheme> linears = new LinkedHashMap<>();
      for (String module : source.quantizedNames()) {
        linears.put(module, source.quantized(module).orElseThrow().described().orElseThrow());
      }
      QuantScheme first = linears.values().iterator().next();
      QuantScheme base = first.withInputs(first.activations().map(a -> a.withLargest(Float.NaN)));
      linears.replaceAll((module, scheme) -> base);
      write(source, new ExportPlan(base, linears), folder);
    }
    assertEquals(
        -1,
        Files.mismatch(peer.resolve("model.safetensors"), folder.resolve("model.safetensors")),
        "file bytes");
    Map<String, Object> expected = quantization(peer);
    Map<String, Object> found = quantization(folder);
    PRODUCER.forEach(expected::remove);
    PRODUCER.forEach(found::remove);
    if (List.of().equals(expected.get("ignore"))) {
      // With fixed scales AutoRound forgets the head, and loaders then look for its scale.
      assertEquals(List.of("lm_head"), found.remove("ignore"));
      expected.remove("ignore");
    }
    assertEquals(expected, found);
    assertEquals(quantization(folder), Json.readObject(folder.resolve("quantization_config.json")));
  }

  private static void write(Checkpoint source, ExportPlan plan, Path folder) {
    assertEquals(Optional.empty(), FORMAT.refusal(source, plan));
    try (ExportSink sink = FORMAT.create(folder, source, plan, ExportOptions.defaults())) {
      source.names().forEach(name -> sink.copy(source.tensor(name)));
      for (String module : source.quantizedNames()) {
        sink.quantized(module, source.quantized(module).orElseThrow());
      }
      sink.finish();
    }
    ExportCheck.verify(folder);
  }

  private static Map<String, Object> quantization(Path folder) {
    return new LinkedHashMap<>(
        Json.asObject(
            Json.readObject(folder.resolve("config.json")).get("quantization_config"), "config"));
  }

  private Path model() throws IOException {
    Path folder = Files.createDirectories(temporary.resolve("model"));
    Files.writeString(
        folder.resolve("config.json"),
        JsonWriter.pretty(Map.of("model_type", "llama", "dtype", "float32")));
    Files.write(folder.resolve("model.safetensors"), empty());
    return folder;
  }

  /** A file without tensors. */
  private static byte[] empty() {
    byte[] header = "{}      ".getBytes(java.nio.charset.StandardCharsets.UTF_8);
    byte[] file = new byte[8 + header.length];
    file[0] = (byte) header.length;
    System.arraycopy(header, 0, file, 8, header.length);
    return file;
  }

  static QuantizedMatrix random(IntegerGrid grid, int out, int in) {
    Random random = new Random(7);
    byte[] codes = new byte[out * in];
    byte[] zeros = new byte[out * grid.groups(in)];
    float[] scales = new float[zeros.length];
    for (int i = 0; i < codes.length; i++) {
      codes[i] = (byte) random.nextInt(grid.maxCode() + 1);
    }
    Arrays.fill(zeros, (byte) grid.middle());
    for (int i = 0; i < zeros.length; i++) {
      zeros[i] = grid.symmetric() ? zeros[i] : (byte) random.nextInt(grid.maxCode() + 1);
      scales[i] = grid.roundScale(random.nextFloat() - 0.5f);
    }
    return new QuantizedMatrix(out, in, grid, codes, scales, zeros);
  }

  private void reads(Map<String, IntegerGrid> schemes, IntegerGrid base, Path folder)
      throws IOException {
    Map<String, QuantizedMatrix> matrices = new LinkedHashMap<>();
    Map<String, QuantScheme> linears = new LinkedHashMap<>(schemes);
    linears.put("model.layers.0.float", new Unquantized());
    try (Checkpoint source = Checkpoints.open(model())) {
      ExportPlan plan = new ExportPlan(base, linears);
      assertEquals(Optional.empty(), FORMAT.refusal(source, plan));
      try (ExportSink sink = FORMAT.create(folder, source, plan, ExportOptions.defaults())) {
        sink.tensor("model.layers.0.float.weight", Tensor.zeros(32, 32));
        sink.tensor("model.embed_tokens.weight", Tensor.zeros(64, 32));
        schemes.forEach(
            (module, grid) -> {
              matrices.put(module, random(grid, 64, 96));
              sink.quantized(module, matrices.get(module));
            });
        sink.finish();
      }
    }
    ExportCheck.verify(folder);
    try (Checkpoint copy = Checkpoints.open(folder)) {
      assertEquals(schemes.keySet(), copy.quantizedNames());
      matrices.forEach(
          (module, matrix) -> {
            QuantizedMatrix found = copy.quantized(module).orElseThrow();
            assertArrayEquals(matrix.dequantize().data(), found.dequantize().data(), module);
            assertEquals(matrix.inputs(), found.inputs(), module);
            assertEquals(matrix.scheme().bits(), found.scheme().bits(), module);
          });
    }
  }

  @Test
  void everyWidthIsReadAgain() throws IOException {
    Optional<ActivationScheme> tokens =
        Optional.of(new ActivationScheme(new Element.Integers(8, true), -1, true));
    for (int bits = 2; bits <= 8; bits++) {
      for (boolean rounded : new boolean[] {false, true}) {
        IntegerGrid grid =
            new IntegerGrid(bits, bits % 2 == 0 ? 32 : -1, rounded == (bits % 4 < 2))
                .withActivations(rounded ? tokens : Optional.empty());
        reads(Map.of("model.layers.0.a", grid), grid, temporary.resolve(grid.toString()));
      }
    }
  }

  @Test
  void layersThatDifferAreNamed() throws IOException {
    IntegerGrid four = new IntegerGrid(4, 32, true);
    IntegerGrid eight = new IntegerGrid(8, -1, false);
    Map<String, IntegerGrid> schemes = new LinkedHashMap<>();
    schemes.put("model.layers.0.a", four);
    schemes.put("model.layers.0.b", eight);
    schemes.put("model.layers.1.a", four);
    Path folder = temporary.resolve("mixed");
    reads(schemes, four, folder);
    Map<String, Object> groups = groups(folder);
    assertEquals(List.of("model.layers.0.a", "model.layers.1.a"), targets(groups, "group_0"));
    assertEquals(List.of("model.layers.0.b"), targets(groups, "group_1"));
    assertEquals(List.of("model.layers.0.float", "lm_head"), quantization(folder).get("ignore"));
    schemes.remove("model.layers.0.b");
    schemes.put("lm_head", eight);
    folder = temporary.resolve("head");
    reads(schemes, four, folder);
    groups = groups(folder);
    assertEquals(List.of("Linear"), targets(groups, "group_0"));
    assertEquals(List.of("lm_head"), targets(groups, "group_1"));
    assertEquals(List.of("model.layers.0.float"), quantization(folder).get("ignore"));
  }

  private static Map<String, Object> groups(Path folder) {
    return Json.asObject(quantization(folder).get("config_groups"), "groups");
  }

  private static Object targets(Map<String, Object> groups, String name) {
    return Json.asObject(groups.get(name), name).get("targets");
  }

  @Test
  void whatItCannotHoldIsRefused() throws IOException {
    try (Checkpoint source = Checkpoints.open(model())) {
      IntegerGrid plain = new IntegerGrid(4, 32, true);
      refused(
          source,
          new IntegerGrid(4, 24, true),
          Map.of("a", new IntegerGrid(4, 24, true)),
          Map.of(),
          "24 does not divide 32");
      refused(source, plain, Map.of("a", plain), Map.of("act_order", true), "act_order");
      FloatGrid e5m2 = FloatGrid.fp8(FloatFormat.E5M2);
      refused(source, e5m2, Map.of("a", e5m2), Map.of(), "E5M2");
    }
  }

  private static void refused(
      Checkpoint source,
      QuantScheme base,
      Map<String, QuantScheme> linears,
      Map<String, Object> settings,
      String part) {
    String reason = FORMAT.refusal(source, new ExportPlan(base, linears, settings)).orElseThrow();
    assertTrue(reason.contains(part), reason);
  }
}

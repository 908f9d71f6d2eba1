package dev.ashlar.formats.export;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.formats.Checkpoints;
import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.io.json.Json;
import dev.ashlar.io.json.JsonWriter;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.quant.ActivationScheme;
import dev.ashlar.tensor.quant.ActivationScheme.Element;
import dev.ashlar.tensor.quant.Codes;
import dev.ashlar.tensor.quant.FloatFormat;
import dev.ashlar.tensor.quant.FloatGrid;
import dev.ashlar.tensor.quant.Groups;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tensor.quant.Unquantized;
import dev.ashlar.tensor.weights.MemoryWeights;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Folders of compressed-tensors whose layers lie in different layouts. */
class MixedLayoutsTest {
  private static final LlmCompressorFormat FORMAT = new LlmCompressorFormat();
  private static final int OUT = 64;
  private static final int IN = 96;
  private static final String BLOCK = "model.layers.0.";

  /** A scheme of each layout, by the name that compressed-tensors has for it. */
  private static final Map<String, QuantScheme> SCHEMES = schemes();

  @TempDir Path temporary;

  private static Map<String, QuantScheme> schemes() {
    FloatGrid fp8 = FloatGrid.fp8(FloatFormat.E4M3);
    Element floats = new Element.Floats(FloatFormat.E4M3);
    Map<String, QuantScheme> schemes = new LinkedHashMap<>();
    schemes.put("pack-quantized", new IntegerGrid(4, 32, true));
    schemes.put(
        "int-quantized",
        new IntegerGrid(8, -1, false)
            .withActivations(inputs(new Element.Integers(8, true), -1, true)));
    schemes.put("float-quantized", fp8.withActivations(inputs(floats, -1, true)));
    schemes.put("naive-quantized", new FloatGrid(FloatFormat.E4M3, 0, FloatGrid.Scale.F32));
    schemes.put("mxfp4-pack-quantized", FloatGrid.mxfp4());
    schemes.put(
        "mxfp8-quantized",
        FloatGrid.mxfp8()
            .withActivations(
                inputs(new Element.Floats(FloatFormat.E4M3, FloatGrid.Scale.E8M0), 32, true)));
    schemes.put(
        "nvfp4-pack-quantized",
        FloatGrid.nvfp4()
            .withActivations(
                inputs(new Element.Floats(FloatFormat.E2M1, FloatGrid.Scale.E4M3), 16, true)
                    .map(a -> a.withLargest(3))));
    return schemes;
  }

  private static Optional<ActivationScheme> inputs(Element element, int group, boolean dynamic) {
    return Optional.of(new ActivationScheme(element, group, dynamic));
  }

  static QuantizedMatrix random(QuantScheme scheme) {
    return scheme instanceof IntegerGrid grid
        ? CompressedTensorsTest.random(grid, OUT, IN)
        : random((FloatGrid) scheme);
  }

  private static QuantizedMatrix random(FloatGrid grid) {
    Random random = new Random(11);
    byte[] codes = new byte[OUT * IN];
    for (int i = 0; i < codes.length; i++) {
      codes[i] = (byte) random.nextInt(1 << grid.element().bits());
      // The one magnitude of E4M3 that is no number.
      codes[i] = (codes[i] & 0x7F) == 0x7F ? 0 : codes[i];
    }
    float[] scales = new float[OUT * grid.groups(IN)];
    for (int i = 0; i < scales.length; i++) {
      int row = i / grid.groups(IN) / grid.effectiveRows(OUT);
      int at = row * grid.groups(IN) + i % grid.groups(IN);
      scales[i] =
          switch (grid.scale()) {
            case E8M0 -> (float) Math.scalb(1.0, random.nextInt(9) - 4);
            case E4M3 -> FloatFormat.E4M3.value(1 + random.nextInt(120)) / 256;
            case F32, F16, BF16 -> 0.01f + at / 1024f;
          };
    }
    float global = grid.hasGlobal() ? 256 : 1;
    return new QuantizedMatrix(
        OUT, IN, Codes.Table.of(grid.element(), codes), new Groups.Scales(grid, scales, global));
  }

  /** Writes the layers, and a linear map, an embedding and a head of floats beside them. */
  static Map<String, QuantizedMatrix> write(
      Path source, Map<String, QuantScheme> schemes, QuantScheme base, Path folder)
      throws IOException {
    Map<String, QuantizedMatrix> matrices = new LinkedHashMap<>();
    Map<String, QuantScheme> linears = new LinkedHashMap<>(schemes);
    linears.put(BLOCK + "float", new Unquantized());
    try (Checkpoint empty = Checkpoints.open(model(source))) {
      ExportPlan plan = new ExportPlan(base, linears);
      assertEquals(Optional.empty(), FORMAT.refusal(empty, plan));
      try (ExportSink sink = FORMAT.create(folder, empty, plan, ExportOptions.defaults())) {
        sink.tensor(BLOCK + "float.weight", Tensor.zeros(32, 32));
        sink.tensor("model.embed_tokens.weight", Tensor.zeros(64, 32));
        schemes.forEach(
            (module, scheme) -> {
              matrices.put(module, random(scheme));
              sink.quantized(module, matrices.get(module));
            });
        sink.finish();
      }
    }
    ExportCheck.verify(folder);
    return matrices;
  }

  private static Path model(Path folder) throws IOException {
    Files.createDirectories(folder);
    Files.writeString(
        folder.resolve("config.json"),
        JsonWriter.pretty(Map.of("model_type", "llama", "dtype", "float32")));
    byte[] none = {2, 0, 0, 0, 0, 0, 0, 0, '{', '}'};
    Files.write(folder.resolve("model.safetensors"), none);
    return folder;
  }

  static void reads(Path folder, Map<String, QuantizedMatrix> matrices) {
    try (Checkpoint copy = Checkpoints.open(folder)) {
      assertEquals(matrices.keySet(), new TreeSet<>(copy.quantizedNames()));
      assertTrue(copy.names().contains(BLOCK + "float.weight"), copy.names() + "");
      assertEquals(2, copy.names().size(), copy.names() + "");
      matrices.forEach(
          (module, matrix) -> {
            QuantizedMatrix found = copy.quantized(module).orElseThrow();
            assertArrayEquals(matrix.dequantize().data(), found.dequantize().data(), module);
            assertEquals(matrix.inputs(), found.inputs(), module);
          });
    }
  }

  private static Map<String, Object> quantization(Path folder) {
    return Json.asObject(
        Json.readObject(folder.resolve("config.json")).get("quantization_config"), "config");
  }

  private static List<Map<String, Object>> groups(Path folder) {
    return Json.asObject(quantization(folder).get("config_groups"), "groups").values().stream()
        .map(group -> Json.asObject(group, "group"))
        .toList();
  }

  @TestFactory
  List<DynamicTest> everyTwo() {
    List<DynamicTest> tests = new ArrayList<>();
    SCHEMES.forEach(
        (a, first) ->
            SCHEMES.forEach(
                (b, second) -> {
                  if (a.compareTo(b) < 0) {
                    tests.add(DynamicTest.dynamicTest(a + " beside " + b, () -> two(a, b)));
                  }
                }));
    assertEquals(21, tests.size());
    return tests;
  }

  private void two(String a, String b) throws IOException {
    Map<String, QuantScheme> layers = new LinkedHashMap<>();
    layers.put(BLOCK + "a", SCHEMES.get(a));
    layers.put(BLOCK + "b", SCHEMES.get(b));
    layers.put("model.layers.1.a", SCHEMES.get(a));
    Path folder = temporary.resolve(a + b);
    reads(folder, write(temporary.resolve("none"), layers, SCHEMES.get(b), folder));
    assertEquals("mixed-precision", quantization(folder).get("format"));
    assertEquals(List.of(BLOCK + "float", "lm_head"), quantization(folder).get("ignore"));
    List<Map<String, Object>> groups = groups(folder);
    assertEquals(List.of(a, b), groups.stream().map(g -> g.get("format")).toList());
    assertEquals(List.of(BLOCK + "a", "model.layers.1.a"), groups.get(0).get("targets"));
    assertEquals(List.of(BLOCK + "b"), groups.get(1).get("targets"));
  }

  @Test
  void allOfThemAndTilesBesideAHead() throws IOException {
    Map<String, QuantScheme> layers = new LinkedHashMap<>();
    SCHEMES.forEach((name, scheme) -> layers.put(BLOCK + name.replaceAll("\\W", ""), scheme));
    layers.put(BLOCK + "tiles", FloatGrid.tiles(FloatFormat.E4M3, 32));
    layers.put("lm_head", new IntegerGrid(8, 32, true));
    Path folder = temporary.resolve("all");
    reads(folder, write(temporary.resolve("none"), layers, new IntegerGrid(4, 128, true), folder));
    assertEquals(9, groups(folder).size());
    assertEquals(List.of(BLOCK + "float"), quantization(folder).get("ignore"));
  }

  /** One layout in the blocks keeps their class, and a head has a group of its own. */
  @Test
  void onlyTheHeadDiffers() throws IOException {
    Map<String, QuantScheme> layers = new LinkedHashMap<>();
    layers.put(BLOCK + "a", SCHEMES.get("mxfp8-quantized"));
    layers.put("lm_head", SCHEMES.get("pack-quantized"));
    Path folder = temporary.resolve("head");
    reads(folder, write(temporary.resolve("none"), layers, layers.get(BLOCK + "a"), folder));
    assertEquals("mixed-precision", quantization(folder).get("format"));
    assertEquals(
        List.of(List.of("Linear"), List.of("lm_head")),
        groups(folder).stream().map(g -> g.get("targets")).toList());
  }

  /** The folder has one layout where its base is another that no layer has. */
  @Test
  void aBaseThatNoLayerHasIsNoLayout() throws IOException {
    Path folder = temporary.resolve("one");
    Map<String, QuantScheme> layers = Map.of(BLOCK + "a", SCHEMES.get("float-quantized"));
    reads(folder, write(temporary.resolve("none"), layers, new IntegerGrid(4, 128, true), folder));
    assertEquals("float-quantized", quantization(folder).get("format"));
    assertEquals(List.of("Linear"), groups(folder).getFirst().get("targets"));
  }

  @Test
  void whatOneLayerCannotHaveIsRefusedByItsName() {
    FloatGrid nvfp4 = FloatGrid.nvfp4();
    refused("holds FP8 as E4M3 only, not E5M2", FloatGrid.fp8(FloatFormat.E5M2));
    refused(
        "cannot say that inputs are rounded so: a8 sym g-1 dynamic",
        nvfp4.withActivations(inputs(new Element.Integers(8, true), -1, true)));
    refused(
        "cannot say that inputs are rounded so: a8 asym g0 static",
        new IntegerGrid(8, -1, true)
            .withActivations(inputs(new Element.Integers(8, false), 0, false)));
    refused("24 does not divide 32", new IntegerGrid(4, 24, true));
    refused(
        "needs whole blocks of 24 inputs, not 32",
        new FloatGrid(FloatFormat.E2M1, 24, FloatGrid.Scale.E8M0));
  }

  private static void refused(String part, QuantScheme scheme) {
    Map<String, QuantScheme> linears = new LinkedHashMap<>();
    linears.put(BLOCK + "a", SCHEMES.get("pack-quantized"));
    linears.put(BLOCK + "b", scheme);
    ExportPlan plan = new ExportPlan(SCHEMES.get("pack-quantized"), linears);
    String reason = FORMAT.refusal(new MemoryWeights(Map.of()), plan).orElseThrow();
    assertEquals("format llm_compressor ", reason.substring(0, 22));
    assertTrue(reason.contains(part) && reason.endsWith("(" + BLOCK + "b)"), reason);
  }

  /** GPTQ's reordering has no place in layouts of integers, whatever lies beside them. */
  @Test
  void reorderedColumnsAreRefusedBesideSmallFloats() {
    ExportPlan plan =
        new ExportPlan(
            FloatGrid.mxfp8(),
            Map.of(BLOCK + "a", FloatGrid.mxfp8(), BLOCK + "b", new IntegerGrid(4, 32, true)),
            Map.of("act_order", true));
    String reason = FORMAT.refusal(new MemoryWeights(Map.of()), plan).orElseThrow();
    assertTrue(reason.contains("act_order"), reason);
  }
}

package dev.ashlar.formats.export;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.formats.Checkpoints;
import dev.ashlar.formats.Shared;
import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.formats.layout.Declarations;
import dev.ashlar.formats.layout.PackedPlan;
import dev.ashlar.formats.layout.QuantizationConfig;
import dev.ashlar.formats.safetensors.SafetensorsFile;
import dev.ashlar.io.InputException;
import dev.ashlar.io.json.Json;
import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tensor.quant.Unquantized;
import dev.ashlar.tensor.weights.StoredTensor;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Exports: the same tensors as AutoRound's own, whole folders, and nothing half-written. */
class ExportTest {
  @TempDir Path temporary;

  private static Path golden(String name) {
    try {
      return Path.of(ExportTest.class.getResource("/layout/exports/" + name).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  /** A plan that says what the checkpoint already is. */
  private static ExportPlan planOf(Checkpoint source) {
    Map<String, Object> config =
        Json.asObject(source.config().get("quantization_config"), "config");
    PackedPlan declared = Declarations.plan(new QuantizationConfig("config", config)).orElseThrow();
    Map<String, QuantScheme> linears = new LinkedHashMap<>();
    for (String module : source.quantizedNames()) {
      linears.put(module, source.quantized(module).orElseThrow().scheme());
    }
    for (String name : source.names()) {
      boolean linear = source.tensor(name).shape().rank() == 2 && name.contains(".layers.");
      if (linear && name.endsWith(".weight")) {
        linears.put(name.substring(0, name.length() - ".weight".length()), new Unquantized());
      }
    }
    return new ExportPlan(declared.baseScheme(), linears, Map.of("iters", 0, "nsamples", 128));
  }

  private static void writeAll(Checkpoint source, ExportSink sink) {
    for (String name : source.names()) {
      sink.copy(source.tensor(name));
    }
    for (String module : source.quantizedNames()) {
      sink.quantized(module, source.quantized(module).orElseThrow());
    }
    sink.finish();
  }

  private static ExportSummary export(
      ExportFormat format, Checkpoint source, Path folder, ExportOptions options) {
    ExportPlan plan = planOf(source);
    assertEquals(Optional.empty(), format.refusal(source, plan));
    try (ExportSink sink = format.create(folder, source, plan, options)) {
      writeAll(source, sink);
      return sink.summary();
    }
  }

  @TestFactory
  List<DynamicTest> goldensAreWrittenAgainAsTheyWere() throws IOException {
    return rewrites(golden(""));
  }

  @TestFactory
  List<DynamicTest> sharedExportsAreWrittenAgainAsTheyWere() throws IOException {
    return rewrites(Shared.path("fixtures/autoround/exports"));
  }

  private List<DynamicTest> rewrites(Path exports) throws IOException {
    List<DynamicTest> tests = new ArrayList<>();
    try (Stream<Path> configs = Files.walk(exports, 3)) {
      for (Path config : configs.filter(f -> f.endsWith("config.json")).sorted().toList()) {
        Path folder = config.getParent();
        ExportFormats.named(folder.getFileName().toString())
            .ifPresent(
                format ->
                    tests.add(
                        DynamicTest.dynamicTest(
                            exports.relativize(folder).toString(), () -> rewrite(format, folder))));
      }
    }
    assertFalse(tests.isEmpty());
    return tests;
  }

  private void rewrite(ExportFormat format, Path peer) throws IOException {
    Map<String, Object> config = quantization(peer);
    String packing = Objects.toString(config.get("packing_format"), "");
    if (!"int".equals(config.get("data_type")) || packing.contains("llm_compressor")) {
      Assumptions.abort("of a kind that has its own format");
    }
    Path folder = temporary.resolve(peer.getParent().getFileName()).resolve(format.name());
    try (Checkpoint source = Checkpoints.open(peer)) {
      export(format, source, folder, ExportOptions.defaults());
    }
    Path written = folder.resolve("model.safetensors");
    boolean tied =
        Boolean.TRUE.equals(
            Json.readObject(peer.resolve("config.json")).get("tie_word_embeddings"));
    if (format.name().equals("auto_round") && !tied) {
      assertEquals(-1, Files.mismatch(peer.resolve("model.safetensors"), written), "file bytes");
    } else {
      assertPartsEqual(peer.resolve("model.safetensors"), written, format, tied);
    }
    ExportCheck.verify(folder);
    Map<String, Object> ours = quantization(folder);
    for (String key :
        List.of(
            "bits",
            "group_size",
            "sym",
            "quant_method",
            "packing_format",
            "desc_act",
            "lm_head",
            "zero_point",
            "version",
            "modules_to_not_convert",
            "to_quant_block_names",
            "block_name_to_quantize",
            "modules_in_block_to_quantize")) {
      assertEquals(config.get(key), ours.get(key), key);
    }
    assertSameSchemes(peer, folder);
  }

  private static Map<String, Object> quantization(Path folder) {
    return Json.asObject(
        Json.readObject(folder.resolve("config.json")).get("quantization_config"), "config");
  }

  private static void assertPartsEqual(Path peer, Path ours, ExportFormat format, boolean tied) {
    try (SafetensorsFile expected = SafetensorsFile.open(peer);
        SafetensorsFile found = SafetensorsFile.open(ours)) {
      List<String> names = new ArrayList<>(expected.names());
      if (tied) {
        // AutoRound's GPTQ folders have the head of a tied model; loaders overwrite or drop it.
        names.remove("lm_head.weight");
      }
      assertEquals(names.size(), found.names().size());
      for (String name : names) {
        StoredTensor e = expected.tensor(name);
        StoredTensor f = found.tensor(name);
        assertEquals(e.shape(), f.shape(), name);
        boolean part =
            format.name().equals("auto_round")
                || name.matches(".*\\.(qweight|qzeros|scales|g_idx)");
        assertEquals(part ? e.dtype() : DType.F16, f.dtype(), name);
        if (part) {
          assertArrayEquals(bytes(e), bytes(f), name);
        }
      }
    }
  }

  private static byte[] bytes(StoredTensor t) {
    byte[] bytes = new byte[(int) t.byteSize()];
    t.readBytes(0, bytes, 0, bytes.length);
    return bytes;
  }

  private static void assertSameSchemes(Path peer, Path ours) {
    PackedPlan expected =
        Declarations.plan(new QuantizationConfig("peer", quantization(peer))).orElseThrow();
    PackedPlan found =
        Declarations.plan(new QuantizationConfig("ours", quantization(ours))).orElseThrow();
    try (Checkpoint checkpoint = Checkpoints.open(ours)) {
      for (String module : checkpoint.quantizedNames()) {
        assertEquals(expected.scheme(module), found.scheme(module), module);
        assertEquals(expected.layout(module), found.layout(module), module);
      }
      for (String name : checkpoint.names()) {
        if (checkpoint.tensor(name).shape().rank() == 2 && name.contains(".layers.")) {
          String module = name.substring(0, name.length() - ".weight".length());
          assertTrue(found.scheme(module).isFloat(), module);
        }
      }
    }
  }

  @Test
  void everyFormatOfEveryGoldenHoldsTheSameWeights() throws IOException {
    for (String name :
        List.of(
            "llama-mixed-it0/auto_round",
            "llama-w3g32asym-it0/auto_gptq",
            "llama-w4g64asym-it0/auto_round")) {
      for (ExportFormat format : ExportFormats.ALL) {
        if (format instanceof GgufFormat) {
          continue; // rounds what its types cannot hold: GgufExportTest
        }
        Path folder = temporary.resolve(name).resolve(format.name());
        try (Checkpoint source = Checkpoints.open(golden(name))) {
          if (format.refusal(source, planOf(source)).isPresent()) {
            continue; // Of other widths or kinds than it holds.
          }
          export(format, source, folder, ExportOptions.defaults());
          ExportCheck.verify(folder);
          try (Checkpoint copy = Checkpoints.open(folder)) {
            for (String module : source.quantizedNames()) {
              Tensor expected = source.quantized(module).orElseThrow().dequantize();
              Tensor found =
                  copy.quantized(module)
                      .map(QuantizedMatrix::dequantize)
                      .orElseGet(() -> copy.tensor(module + ".weight").toTensor());
              assertArrayEquals(expected.data(), found.data(), 0, module);
            }
          }
        }
      }
    }
  }

  @Test
  void shardsAreIndexed() {
    try (Checkpoint source = Checkpoints.open(golden("llama-mixed-it0/auto_round"))) {
      ExportSummary summary =
          export(
              new AutoRoundFormat(),
              source,
              temporary.resolve("a"),
              new ExportOptions(30_000, false));
      assertTrue(summary.files().size() > 2, summary.toString());
      ExportReport report = ExportCheck.verify(temporary.resolve("a"));
      assertEquals(summary.files().size(), report.files());
      assertEquals(summary.tensorBytes(), report.tensorBytes());
      assertEquals(13, report.packed());
      assertEquals("auto_round:auto_gptq", summary.layout());
    }
  }

  @Test
  void zeroPointsOfZeroAreMirroredForGptq() {
    try (Checkpoint source = Checkpoints.open(golden("llama-w3g32asym-it0/auto_gptq"))) {
      Path folder = temporary.resolve("zero");
      ExportPlan plan = planOf(source);
      Map<String, Tensor> expected = new LinkedHashMap<>();
      try (ExportSink sink =
          new AutoGptqFormat().create(folder, source, plan, ExportOptions.defaults())) {
        source.names().forEach(name -> sink.copy(source.tensor(name)));
        for (String module : source.quantizedNames()) {
          QuantizedMatrix tensor = source.quantized(module).orElseThrow();
          tensor.zeroPoints().zeros()[1] = 0;
          tensor.zeroPoints().zeros()[4] = 0;
          expected.put(module, tensor.dequantize());
          sink.quantized(module, tensor);
        }
        sink.finish();
        assertEquals(2 * expected.size(), sink.summary().mirroredGroups());
      }
      ExportCheck.verify(folder);
      try (Checkpoint copy = Checkpoints.open(folder)) {
        expected.forEach(
            (module, w) -> {
              float[] found = copy.quantized(module).orElseThrow().dequantize().data();
              for (int i = 0; i < found.length; i++) {
                assertEquals(w.data()[i] + 0f, found[i] + 0f, module);
              }
            });
      }
    }
  }

  @Test
  void configurationKeepsWhatItDoesNotKnow() {
    Path folder = temporary.resolve("config");
    try (Checkpoint source = Checkpoints.open(golden("llama-w3g32asym-it0/auto_gptq"))) {
      export(new AutoGptqFormat(), source, folder, ExportOptions.defaults());
      Map<String, Object> before = new LinkedHashMap<>(source.config());
      Map<String, Object> after =
          new LinkedHashMap<>(Json.readObject(folder.resolve("config.json")));
      before.remove("quantization_config");
      after.remove("quantization_config");
      assertEquals(before, after);
    }
    assertEquals(
        quantization(folder).get("provider"),
        Json.readObject(folder.resolve("quantize_config.json")).get("provider"));
    assertFalse(quantization(folder).containsKey("packing_format"));
  }

  @Test
  void nothingIsOverwrittenUnasked() throws IOException {
    Path folder = temporary.resolve("twice");
    try (Checkpoint source = Checkpoints.open(golden("llama-mixed-it0/auto_round"))) {
      AutoRoundFormat format = new AutoRoundFormat();
      export(format, source, folder, ExportOptions.defaults());
      String message =
          assertThrows(
                  InputException.class,
                  () -> export(format, source, folder, ExportOptions.defaults()))
              .getMessage();
      assertTrue(message.contains("already holds a model"), message);
      export(new AutoGptqFormat(), source, folder, ExportOptions.defaults().overwriting(true));
      ExportCheck.verify(folder);
      assertFalse(Files.exists(folder.resolve("quantization_config.json")));
      assertThrows(
          InputException.class,
          () -> export(format, source, source.path(), ExportOptions.defaults().overwriting(true)));
      Path file = Files.createFile(temporary.resolve("file"));
      assertThrows(
          InputException.class, () -> export(format, source, file, ExportOptions.defaults()));
    }
  }

  @Test
  void anUnfinishedExportIsNoModel() throws IOException {
    Path fresh = temporary.resolve("fresh");
    Path old = temporary.resolve("old");
    try (Checkpoint source = Checkpoints.open(golden("llama-mixed-it0/auto_round"))) {
      AutoRoundFormat format = new AutoRoundFormat();
      try (ExportSink sink =
          format.create(fresh, source, planOf(source), ExportOptions.defaults())) {
        sink.copy(source.tensor("model.norm.weight"));
        assertThrows(InputException.class, () -> Checkpoints.open(fresh));
      }
      assertFalse(Files.exists(fresh), "what an abandoned export made is gone");
      export(format, source, old, ExportOptions.defaults());
      try (ExportSink sink =
          format.create(old, source, planOf(source), ExportOptions.defaults().overwriting(true))) {
        sink.copy(source.tensor("model.norm.weight"));
      }
      ExportCheck.verify(old);
    }
  }

  @Test
  void refusalsComeBeforeTheWork() {
    try (Checkpoint source = Checkpoints.open(golden("llama-mixed-it0/auto_round"))) {
      IntegerGrid five = new IntegerGrid(5, 32, true);
      ExportPlan plan = new ExportPlan(five, Map.of("model.layers.0.mlp.down_proj", five));
      for (ExportFormat format : List.of(new AutoRoundFormat(), new AutoGptqFormat())) {
        String reason = format.refusal(source, plan).orElseThrow();
        assertTrue(reason.contains("not 5"), reason);
        assertThrows(
            IllegalArgumentException.class,
            () -> format.create(temporary.resolve("no"), source, plan, ExportOptions.defaults()));
      }
    }
  }

  @Test
  void packingFormatFollowsTheSchemes() {
    try (Checkpoint source = Checkpoints.open(golden("llama-mixed-it0/auto_round"))) {
      String a = "model.layers.0.mlp.down_proj";
      String b = "model.layers.1.mlp.down_proj";
      IntegerGrid asym4 = new IntegerGrid(4, 32, false);
      assertEquals("awq", layout(source, Map.of(a, asym4, b, asym4)));
      assertEquals("awq", layout(source, Map.of(a, asym4, b, new Unquantized())));
      assertEquals(
          "auto_round", layout(source, Map.of(a, asym4, b, new IntegerGrid(4, 64, false))));
      assertEquals(
          "auto_round", layout(source, Map.of(a, asym4, b, new IntegerGrid(2, 32, false))));
      assertEquals("auto_round", layout(source, Map.of(a, new IntegerGrid(8, 32, false))));
      IntegerGrid sym = new IntegerGrid(2, -1, true);
      assertEquals(
          "auto_round:auto_gptq", layout(source, Map.of(a, sym, b, new IntegerGrid(8, 32, true))));
    }
  }

  private static String layout(Checkpoint source, Map<String, QuantScheme> linears) {
    QuantScheme base = linears.values().iterator().next();
    return AutoRoundFormat.layout(source, new ExportPlan(base, linears)).name();
  }
}

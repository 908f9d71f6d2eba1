package dev.ashlar.formats.export;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.formats.Checkpoints;
import dev.ashlar.formats.Shared;
import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.formats.safetensors.SafetensorsWriter;
import dev.ashlar.io.InputException;
import dev.ashlar.io.json.Json;
import dev.ashlar.io.json.JsonWriter;
import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.quant.ActivationScheme;
import dev.ashlar.tensor.quant.FloatFormat;
import dev.ashlar.tensor.quant.FloatGrid;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tensor.quant.Unquantized;
import dev.ashlar.tensor.weights.StoredTensor;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Float models, rounded to the nearest code, written in every format and read again. */
class ModelExportTest {
  @TempDir Path temporary;

  /** Asymmetric codes of a matrix; some groups get a zero point of 0. */
  static QuantizedMatrix round(Tensor w, IntegerGrid scheme) {
    int out = (int) w.shape().dim(0);
    int in = (int) w.shape().dim(1);
    int groups = scheme.groups(in);
    int g = scheme.effectiveGroup(in);
    byte[] codes = new byte[out * in];
    byte[] zeros = new byte[out * groups];
    float[] scales = new float[out * groups];
    for (int i = 0; i < scales.length; i++) {
      int from = i / groups * in + i % groups * g;
      int to = Math.min(from + g, (i / groups + 1) * in);
      float low = 0;
      float high = 1e-3f;
      for (int k = from; k < to; k++) {
        low = Math.min(low, w.data()[k]);
        high = Math.max(high, w.data()[k]);
      }
      low = i % 7 == 0 && !scheme.symmetric() ? 0 : low;
      float widest = Math.max(high, -low);
      float range = scheme.symmetric() ? 2 * widest : high - low;
      scales[i] = scheme.roundScale(range / scheme.maxCode());
      int zero = scheme.symmetric() ? scheme.middle() : Math.round(-low / scales[i]);
      zeros[i] = (byte) zero;
      for (int k = from; k < to; k++) {
        int code = Math.round(w.data()[k] / scales[i]) + zero;
        codes[k] = (byte) Math.clamp(code, 0, scheme.maxCode());
      }
    }
    return new QuantizedMatrix(out, in, scheme, codes, scales, zeros);
  }

  static ExportPlan plan(Checkpoint source, IntegerGrid base, boolean mixed) {
    Map<String, QuantScheme> linears = new LinkedHashMap<>();
    for (String name : source.names()) {
      Shape shape = source.tensor(name).shape();
      if (shape.rank() == 2 && name.contains("layers.") && name.endsWith(".weight")) {
        boolean fits = QuantScheme.quantizable(shape.dim(0), shape.dim(1));
        QuantScheme scheme =
            !fits
                ? new Unquantized()
                : mixed && name.contains("v_proj")
                    ? new IntegerGrid(8, -1, base.symmetric())
                    : base;
        linears.put(name.substring(0, name.length() - ".weight".length()), scheme);
      }
    }
    return new ExportPlan(base, linears);
  }

  @TestFactory
  List<DynamicTest> sharedModels() throws IOException {
    List<DynamicTest> tests = new ArrayList<>();
    try (DirectoryStream<Path> models =
        Files.newDirectoryStream(Shared.path("fixtures/autoround/models"), Files::isDirectory)) {
      for (Path model : models) {
        for (ExportFormat format : ExportFormats.ALL) {
          if (format instanceof GgufFormat) {
            continue; // rounds embeddings too: GgufExportTest
          }
          for (int bits : new int[] {2, 3, 4, 8}) {
            for (boolean symmetric : new boolean[] {true, false}) {
              boolean some = bits == 3 && !symmetric || bits == 4 && symmetric;
              if (!some && ExportFormats.ALL.indexOf(format) > 1) {
                continue; // Widths and symmetry are their layouts' matter, which has its tests.
              }
              IntegerGrid base = new IntegerGrid(bits, bits == 3 ? 48 : 32, symmetric);
              String name = model.getFileName() + " " + format.name() + " " + base;
              tests.add(
                  DynamicTest.dynamicTest(
                      name, () -> export(model, format, base, temporary.resolve(name))));
            }
          }
        }
      }
    }
    assertFalse(tests.isEmpty());
    return tests;
  }

  @TestFactory
  List<DynamicTest> sharedGgufModels() throws IOException {
    List<DynamicTest> tests = new ArrayList<>();
    try (Stream<Path> files = Files.walk(Shared.path("fixtures/autoround/exports"))) {
      for (Path file : files.filter(f -> f.toString().endsWith(".gguf")).sorted().toList()) {
        for (ExportFormat format : List.of(new AutoRoundFormat(), new AutoGptqFormat())) {
          String name = file.getFileName() + " " + format.name();
          IntegerGrid base = new IntegerGrid(4, 32, false);
          tests.add(
              DynamicTest.dynamicTest(
                  name, () -> export(file, format, base, temporary.resolve(name))));
        }
      }
    }
    assertFalse(tests.isEmpty());
    return tests;
  }

  private static void export(Path model, ExportFormat format, IntegerGrid base, Path folder)
      throws IOException {
    try (Checkpoint source = Checkpoints.open(model)) {
      ExportPlan plan = plan(source, base, base.bits() == 2);
      Optional<String> refusal = format.refusal(source, plan);
      Assumptions.assumeTrue(refusal.isEmpty(), () -> refusal.get());
      try (ExportSink sink = format.create(folder, source, plan, ExportOptions.defaults())) {
        for (String name : source.names()) {
          String module = name.replaceFirst("\\.weight$", "");
          QuantScheme scheme = plan.linears().getOrDefault(module, new Unquantized());
          if (scheme.isFloat()) {
            sink.copy(source.tensor(name));
          } else {
            sink.quantized(module, round(source.tensor(name).toTensor(), (IntegerGrid) scheme));
          }
        }
        sink.finish();
      }
      ExportCheck.verify(folder);
      compare(source, plan, folder);
      for (String file : List.of("tokenizer.json", "tokenizer_config.json")) {
        if (Files.isDirectory(model)) {
          assertEquals(-1, Files.mismatch(model.resolve(file), folder.resolve(file)), file);
        } else {
          assertTrue(Files.exists(folder.resolve(file)), file + " is rebuilt from the metadata");
        }
      }
    }
  }

  private static void compare(Checkpoint source, ExportPlan plan, Path folder) {
    try (Checkpoint copy = Checkpoints.open(folder)) {
      plan.linears()
          .forEach(
              (module, scheme) -> {
                StoredTensor weight = source.tensor(module + ".weight");
                Tensor expected =
                    scheme.isFloat()
                        ? weight.toTensor()
                        : round(weight.toTensor(), (IntegerGrid) scheme).dequantize();
                Tensor found =
                    copy.quantized(module)
                        .map(QuantizedMatrix::dequantize)
                        .orElseGet(() -> copy.tensor(module + ".weight").toTensor());
                boolean packed = copy.quantizedNames().contains(module);
                for (int i = 0; i < expected.size(); i++) {
                  float w = expected.data()[i];
                  float allowed = packed ? 0 : 0x1p-11f * Math.max(1, Math.abs(w));
                  assertEquals(w + 0f, found.data()[i] + 0f, allowed, module);
                }
              });
    }
  }

  /** A model of one layer; its embedding has the given value. */
  private Path tiny(boolean tied, float value) throws IOException {
    Path folder = Files.createDirectories(temporary.resolve("tiny" + tied + value));
    try (SafetensorsWriter w = SafetensorsWriter.inFolder(folder)) {
      Tensor embedding = Tensor.zeros(32, 32);
      embedding.data()[3] = value;
      w.floats("model.embed_tokens.weight", DType.BF16, embedding);
      w.floats("model.layers.0.q_proj.weight", DType.BF16, Tensor.zeros(32, 32));
      w.floats("lm_head.weight", DType.BF16, tied ? embedding : Tensor.zeros(32, 32));
      w.finish();
    }
    Map<String, Object> config = new LinkedHashMap<>();
    config.put("model_type", "llama");
    config.put("torch_dtype", "bfloat16");
    config.put("tie_word_embeddings", tied);
    config.put("something_unknown", List.of(1, "two"));
    Files.writeString(folder.resolve("config.json"), JsonWriter.pretty(config));
    return folder;
  }

  @Test
  void aPackedHeadIsDeclaredInEveryFormat() throws IOException {
    IntegerGrid base = new IntegerGrid(4, 32, true);
    IntegerGrid head = new IntegerGrid(8, 32, true);
    ExportPlan plan = new ExportPlan(base, Map.of("model.layers.0.q_proj", base, "lm_head", head));
    for (ExportFormat format : List.of(new AutoRoundFormat(), new AutoGptqFormat())) {
      Path folder = temporary.resolve(format.name());
      try (Checkpoint source = Checkpoints.open(tiny(false, 1))) {
        try (ExportSink sink = format.create(folder, source, plan, ExportOptions.defaults())) {
          sink.tensor("model.embed_tokens.weight", Tensor.zeros(32, 32));
          for (String module : plan.linears().keySet()) {
            Tensor w = source.tensor(module + ".weight").toTensor();
            sink.quantized(module, round(w, (IntegerGrid) plan.linears().get(module)));
            assertThrows(IllegalArgumentException.class, () -> sink.tensor(module + ".weight", w));
          }
          sink.finish();
        }
        ExportCheck.verify(folder);
        try (Checkpoint copy = Checkpoints.open(folder)) {
          assertEquals(2, copy.quantizedNames().size());
          assertEquals(head, copy.quantized("lm_head").orElseThrow().scheme());
          boolean half = format.name().equals("auto_gptq");
          assertEquals(half ? "float16" : "bfloat16", copy.config().get("torch_dtype"));
          assertEquals(
              half ? DType.F16 : DType.BF16, copy.tensor("model.embed_tokens.weight").dtype());
          assertEquals(
              source.config().get("something_unknown"), copy.config().get("something_unknown"));
        }
      }
    }
  }

  /** FP8's matrices have the names of float ones, by which a reader takes them to lie turned. */
  @Test
  void fp8HasNoPlaceForTurnedMatrices() throws IOException {
    FloatGrid tiles =
        new FloatGrid(
            FloatFormat.E4M3,
            128,
            128,
            FloatGrid.Scale.F32,
            Optional.of(
                new ActivationScheme(
                    new ActivationScheme.Element.Floats(FloatFormat.E4M3), 128, true)));
    String module = "model.layers.0.q_proj";
    Fp8Format fp8 = new Fp8Format();
    try (Checkpoint source = Checkpoints.open(tiny(false, 1))) {
      for (Set<String> turned : List.of(Set.<String>of(), Set.of("other"), Set.of(module))) {
        ExportPlan plan = new ExportPlan(tiles, Map.of(module, tiles), Map.of(), turned, Map.of());
        Optional<String> refusal = fp8.refusal(source, plan);
        assertEquals(turned.contains(module), refusal.isPresent(), refusal + "");
        refusal.ifPresent(said -> assertTrue(said.contains(module + " and its like"), said));
      }
    }
  }

  /**
   * AutoRound refuses a {@code config.json} with {@code meta}; GPTQModel, which reads the other
   * file, refuses asymmetric weights without the mark in it.
   */
  @Test
  void gptqFoldersSayToEachLoaderWhatItMustKnow() throws IOException {
    for (boolean symmetric : new boolean[] {true, false}) {
      IntegerGrid base = new IntegerGrid(4, 32, symmetric);
      String module = "model.layers.0.q_proj";
      Map<String, Object> settings = new LinkedHashMap<>(Map.of("iters", 0));
      if (!symmetric) {
        settings.putAll(Map.of("true_sequential", true, "damp_percent", 0.07));
      }
      ExportPlan plan = new ExportPlan(base, Map.of(module, base), settings);
      Path folder = temporary.resolve("loaders" + symmetric);
      try (Checkpoint source = Checkpoints.open(tiny(false, 1));
          ExportSink sink =
              new AutoGptqFormat().create(folder, source, plan, ExportOptions.defaults())) {
        sink.quantized(module, round(source.tensor(module + ".weight").toTensor(), base));
        sink.finish();
      }
      Object all = Json.readObject(folder.resolve("config.json")).get("quantization_config");
      Map<String, Object> inside = Json.asObject(all, "config");
      Map<String, Object> side =
          new LinkedHashMap<>(Json.readObject(folder.resolve("quantize_config.json")));
      assertEquals(0L, Json.asObject(inside.get("ashlar"), "ashlar").get("iters"));
      assertEquals(!symmetric, inside.get("true_sequential"));
      assertEquals(symmetric ? null : 0.07, inside.get("damp_percent"));
      Object meta = side.remove("meta");
      assertEquals(inside, side);
      assertEquals(symmetric, meta == null);
      if (!symmetric) {
        Object marks = Json.asObject(meta, "meta").get("quantizer");
        assertTrue(((List<?>) marks).contains("gptqmodel:0.9.0"), marks + "");
      }
    }
  }

  /** Without it AutoRound's loader leaves the head float, and with random values. */
  @Test
  void aPackedHeadLikeAllElseHasARuleOfItsOwnToo() throws IOException {
    IntegerGrid base = new IntegerGrid(4, 32, true);
    ExportPlan plan = new ExportPlan(base, Map.of("model.layers.0.q_proj", base, "lm_head", base));
    Path folder = temporary.resolve("head");
    try (Checkpoint source = Checkpoints.open(tiny(false, 1));
        ExportSink sink =
            new AutoGptqFormat().create(folder, source, plan, ExportOptions.defaults())) {
      sink.tensor("model.embed_tokens.weight", Tensor.zeros(32, 32));
      for (String module : plan.linears().keySet()) {
        sink.quantized(module, round(source.tensor(module + ".weight").toTensor(), base));
      }
      sink.finish();
    }
    ExportCheck.verify(folder);
    Map<String, Object> config =
        Json.asObject(
            Json.readObject(folder.resolve("config.json")).get("quantization_config"), "config");
    assertEquals(true, config.get("lm_head"));
    assertEquals(
        Map.of("+:^lm_head$", Map.of("bits", 4L, "group_size", 32L, "sym", true)),
        config.get("dynamic"));
  }

  @Test
  void aTiedHeadIsNeitherPackedNorWritten() throws IOException {
    IntegerGrid base = new IntegerGrid(4, 32, true);
    try (Checkpoint source = Checkpoints.open(tiny(true, 1))) {
      AutoRoundFormat format = new AutoRoundFormat();
      ExportPlan packedHead = new ExportPlan(base, Map.of("lm_head", base));
      String reason = format.refusal(source, packedHead).orElseThrow();
      assertTrue(reason.contains("tied"), reason);
      Path folder = temporary.resolve("tied");
      ExportPlan plan = new ExportPlan(base, Map.of("model.layers.0.q_proj", base));
      try (ExportSink sink = format.create(folder, source, plan, ExportOptions.defaults())) {
        sink.copy(source.tensor("model.embed_tokens.weight"));
        sink.copy(source.tensor("lm_head.weight"));
        sink.quantized("model.layers.0.q_proj", round(Tensor.zeros(32, 32), base));
        sink.finish();
      }
      ExportCheck.verify(folder);
      try (Checkpoint copy = Checkpoints.open(folder)) {
        assertTrue(copy.find("lm_head.weight").isEmpty());
      }
    }
  }

  @Test
  void whatHalfPrecisionCannotHoldIsNamed() throws IOException {
    IntegerGrid base = new IntegerGrid(4, 32, true);
    try (Checkpoint source = Checkpoints.open(tiny(false, 1e6f))) {
      Path folder = temporary.resolve("overflow");
      ExportPlan plan = new ExportPlan(base, Map.of("model.layers.0.q_proj", base));
      try (ExportSink sink =
          new AutoGptqFormat().create(folder, source, plan, ExportOptions.defaults())) {
        String message =
            assertThrows(
                    InputException.class,
                    () -> sink.copy(source.tensor("model.embed_tokens.weight")))
                .getMessage();
        assertTrue(message.contains("model.embed_tokens.weight"), message);
        assertTrue(message.contains("index 3"), message);
      }
      assertFalse(Files.exists(folder));
    }
  }
}

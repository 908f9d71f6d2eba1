package dev.ashlar.formats.export;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.formats.Checkpoints;
import dev.ashlar.formats.Shared;
import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.formats.gguf.GgufFile;
import dev.ashlar.io.InputException;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.blocks.SuperFit;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.quant.FileBlocks;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tensor.quant.SuperGrid;
import dev.ashlar.tensor.quant.Unquantized;
import dev.ashlar.tensor.weights.MemoryWeights;
import dev.ashlar.tensor.weights.StoredTensor;
import dev.ashlar.text.tokenizer.Tokenizers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A model with rows of whole super-blocks, written as GGUF and read by the reader. */
class GgufExportTest {
  @TempDir Path temp;
  private Path model;

  @BeforeEach
  void findModel() {
    model = Shared.path("fixtures/autoround/models/llama_k256");
  }

  private ExportSummary write(ExportFormat format, QuantScheme base, Path folder) {
    try (Checkpoint source = Checkpoints.open(model)) {
      ExportPlan plan =
          base instanceof IntegerGrid grid
              ? ModelExportTest.plan(source, grid, false)
              : new ExportPlan(base, Map.of());
      try (ExportSink sink = format.create(folder, source, plan, ExportOptions.defaults())) {
        for (String name : source.names()) {
          String module = name.replaceFirst("\\.weight$", "");
          if (plan.linears().get(module) instanceof IntegerGrid grid) {
            Tensor weight = source.tensor(name).toTensor();
            sink.quantized(module, ModelExportTest.round(weight, grid));
          } else {
            sink.copy(source.tensor(name));
          }
        }
        sink.finish();
        format.verify(folder, Set.of());
        return sink.summary();
      }
    }
  }

  /** Largest error of the linear maps of blocks, relative to the largest weight. */
  private double error(Path folder, IntegerGrid grid) {
    double most = 0;
    try (Checkpoint source = Checkpoints.open(model);
        Checkpoint copy = Checkpoints.open(folder)) {
      assertEquals(Set.copyOf(source.names()), Set.copyOf(copy.names()));
      for (String name : source.names()) {
        StoredTensor stored = source.tensor(name);
        if (!name.contains("layers.") || stored.shape().rank() != 2) {
          continue;
        }
        Tensor expected =
            grid == null
                ? stored.toTensor()
                : ModelExportTest.round(stored.toTensor(), grid).dequantize();
        float[] found = copy.tensor(name).toTensor().data();
        float largest = 0;
        float off = 0;
        for (int i = 0; i < found.length; i++) {
          largest = Math.max(largest, Math.abs(expected.data()[i]));
          off = Math.max(off, Math.abs(found[i] - expected.data()[i]));
        }
        most = Math.max(most, off / largest);
      }
    }
    return most;
  }

  /** Codes go over as they are; a minimum is rounded to half precision. */
  @Test
  void codesAreCarried() {
    Map<IntegerGrid, String> grids =
        Map.of(
            new IntegerGrid(4, 32, true), "Q4_0",
            new IntegerGrid(4, 128, true), "Q4_0",
            new IntegerGrid(4, -1, false), "Q4_1",
            new IntegerGrid(5, 64, false), "Q5_1",
            new IntegerGrid(8, 32, true), "Q8_0");
    grids.forEach(
        (grid, type) -> {
          Path folder = temp.resolve(grid.toString());
          ExportSummary summary = write(new GgufFormat(), grid, folder);
          assertEquals(type, summary.layout());
          assertTrue(summary.rounding().isEmpty(), grid + ": " + summary.rounding());
          assertEquals(7, summary.packed());
          double allowed = grid.symmetric() ? 0 : 0x1p-11;
          double off = error(folder, grid);
          assertTrue(off <= allowed, grid + ": " + off);
        });
  }

  /** Codes with scales of two levels go over bit by bit, into files of their own and of others. */
  @Test
  void codesOfTwoLevelsAreCarried() {
    for (SuperGrid grid : SuperGrid.KNOWN) {
      Path folder = temp.resolve("levels" + grid.bits());
      Map<String, Tensor> chosen = new LinkedHashMap<>();
      try (Checkpoint source = Checkpoints.open(model)) {
        Map<String, QuantScheme> schemes = new LinkedHashMap<>();
        source.names().stream()
            .filter(name -> name.contains("_proj."))
            .forEach(name -> schemes.put(name.replaceFirst("\\.weight$", ""), grid));
        ExportPlan plan = new ExportPlan(grid, schemes);
        try (ExportSink sink =
            new GgufFormat().create(folder, source, plan, ExportOptions.defaults())) {
          for (String name : source.names()) {
            String module = name.replaceFirst("\\.weight$", "");
            if (schemes.containsKey(module)) {
              QuantizedMatrix fitted =
                  SuperFit.of(source.tensor(name).toTensor(), grid, null, Backends.chosen());
              chosen.put(name, fitted.dequantize());
              sink.quantized(module, fitted);
            } else {
              sink.copy(source.tensor(name));
            }
          }
          sink.finish();
          assertEquals(7, sink.summary().packed());
          assertTrue(sink.summary().rounding().isEmpty(), grid.toString());
        }
      }
      try (Checkpoint copy = Checkpoints.open(folder)) {
        chosen.forEach(
            (name, w) ->
                assertArrayEquals(w.data(), copy.tensor(name).toTensor().data(), grid + name));
      }
    }
  }

  /** What a type cannot hold is rounded once more, and the report says how far. */
  @Test
  void theCostOfOtherTypesIsReported() {
    IntegerGrid grid = new IntegerGrid(4, 128, false);
    ExportFormat format = ExportFormats.named("gguf:q4_k_m").orElseThrow();
    Path folder = temp.resolve("k");
    Rounding cost = write(format, grid, folder).rounding().orElseThrow();
    assertEquals(7, cost.matrices());
    assertTrue(cost.mean() > 0 && cost.mean() < 0.02, cost.sentence());
    assertTrue(cost.worst() >= cost.mean(), cost.sentence());
    assertTrue(error(folder, grid) < 0.05);
  }

  /** Blocks that a file rounds itself are for files that have them. */
  @Test
  void blocksAreRefusedWhereThereAreNone() {
    try (Checkpoint source = Checkpoints.open(model)) {
      String module = "model.layers.0.mlp.up_proj";
      QuantScheme base = new IntegerGrid(4, 32, true);
      ExportPlan known = new ExportPlan(base, Map.of(module, new FileBlocks("Q4_K", 256, 144)));
      for (ExportFormat format : ExportFormats.ALL) {
        boolean has = format instanceof GgufFormat;
        assertEquals(has, format.refusal(source, known).isEmpty(), format.name());
      }
      ExportPlan unknown = new ExportPlan(base, Map.of(module, new FileBlocks("Q4_X", 32, 18)));
      assertEquals(
          "format gguf has no blocks Q4_X (" + module + ")",
          new GgufFormat().refusal(source, unknown).orElseThrow());
    }
  }

  @Test
  void floatsGetEveryKindOfFile() throws Exception {
    for (String type :
        List.of("f16", "q8_0", "q6_k", "q5_k_s", "q4_k_s", "q3_k_l", "q2_k", "iq4_xs")) {
      Path folder = temp.resolve(type);
      ExportFormat format = ExportFormats.named("gguf:" + type).orElseThrow();
      write(format, new Unquantized(), folder);
      double allowed =
          Map.of("f16", 1e-3, "q8_0", 6e-3, "q6_k", 0.04, "q5_k_s", 0.06).getOrDefault(type, 0.35);
      double off = error(folder, null);
      assertTrue(off <= allowed, type + ": " + off);
      try (Stream<Path> files = Files.list(folder);
          GgufFile file = GgufFile.open(files.findFirst().orElseThrow())) {
        assertEquals("llama", file.metadata().get("general.architecture"));
        StoredTensor norm = file.find("output_norm.weight").orElseThrow();
        assertEquals("F32", norm.storage());
      }
    }
  }

  @Test
  void theTokenizerComesAlong() {
    Path folder = temp.resolve("t");
    write(ExportFormats.named("gguf:q8_0").orElseThrow(), new Unquantized(), folder);
    String text = "Some words, 12 numbers\n and ünïcödé 😀";
    try (Checkpoint source = Checkpoints.open(model);
        Checkpoint copy = Checkpoints.open(folder)) {
      assertArrayEquals(
          Tokenizers.open(source.tokenizer()).encode(text, true),
          Tokenizers.open(copy.tokenizer()).encode(text, true));
      assertEquals(source.config().get("eos_token_id"), copy.config().get("eos_token_id"));
    }
  }

  /** No file appears that was not finished, and none is written over another model. */
  @Test
  void oneModelToAFolder() throws Exception {
    Path folder = temp.resolve("one");
    GgufFormat format = new GgufFormat();
    ExportPlan plan = new ExportPlan(new Unquantized(), Map.of());
    try (Checkpoint source = Checkpoints.open(model)) {
      format.create(folder, source, plan, ExportOptions.defaults()).close();
      assertFalse(Files.exists(folder));
    }
    write(format, new Unquantized(), folder);
    assertThrows(InputException.class, () -> write(format, new Unquantized(), folder));
    format.withdraw(folder);
    assertThrows(InputException.class, () -> format.verify(folder, Set.of()));
  }

  private Path copy() throws IOException {
    Path copy = Files.createDirectories(temp.resolve("copy"));
    try (Stream<Path> files = Files.list(model)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Files.copy(file, copy.resolve(file.getFileName()));
      }
    }
    return copy;
  }

  /** Before any tensor is asked for, and nothing is left in the way of the next run. */
  @Test
  void aDamagedTokenizerIsSaidFirst() throws IOException {
    model = copy();
    Files.writeString(model.resolve("tokenizer.json"), "{\"model\": ");
    Path folder = temp.resolve("out");
    GgufFormat format = new GgufFormat();
    ExportPlan plan = new ExportPlan(new Unquantized(), Map.of());
    try (Checkpoint source = Checkpoints.open(model)) {
      InputException e =
          assertThrows(
              InputException.class,
              () -> format.create(folder, source, plan, ExportOptions.defaults()));
      assertTrue(e.getMessage().contains("tokenizer.json"), e.getMessage());
      assertFalse(Files.exists(folder));
    }
  }

  /** What other systems keep beside a file, under its name, is no second model. */
  @Test
  void hiddenFilesAreNoModels() throws IOException {
    Path folder = Files.createDirectories(temp.resolve("hidden"));
    GgufFormat format = new GgufFormat();
    format.withdraw(folder);
    Path hidden = Files.writeString(folder.resolve("._llama_k256-F16.gguf"), "theirs");
    write(format, new Unquantized(), folder);
    Checkpoints.open(folder).close();
    format.withdraw(folder);
    try (Stream<Path> left = Files.list(folder)) {
      assertEquals(List.of(hidden), left.toList());
    }
  }

  /** It can be opened and checked before it takes the place of another. */
  @Test
  void whatIsReadyReplacesNothingYet() throws IOException {
    Path folder = temp.resolve("ready");
    write(new GgufFormat(), new Unquantized(), folder);
    Path file = folder.resolve("llama_k256-F16.gguf");
    byte[] before = Files.readAllBytes(file);
    ExportFormat format = ExportFormats.named("gguf:f16").orElseThrow();
    ExportPlan plan = new ExportPlan(new Unquantized(), Map.of());
    try (Checkpoint source = Checkpoints.open(model);
        ExportSink sink =
            format.create(folder, source, plan, ExportOptions.defaults().overwriting(true))) {
      for (String name : source.names()) {
        StoredTensor tensor = source.tensor(name);
        Tensor other = tensor.toTensor();
        other.data()[0] += 1;
        sink.tensor(name, other);
      }
      Path ready = sink.ready().orElseThrow();
      format.verify(ready, Set.of());
      assertArrayEquals(before, Files.readAllBytes(file));
    }
    assertArrayEquals(before, Files.readAllBytes(file));
    try (Stream<Path> left = Files.list(folder)) {
      assertEquals(List.of(file), left.toList());
    }
  }

  @Test
  void familiesWithoutATableAreRefusedByName() {
    IntegerGrid grid = new IntegerGrid(4, 32, true);
    Map<String, Object> config = Map.of("model_type", "frob", "hidden_size", 8L);
    MemoryWeights unknown = new MemoryWeights(config);
    String reason = new GgufFormat().refusal(unknown, new ExportPlan(grid, Map.of())).orElseThrow();
    assertTrue(reason.contains("frob"), reason);
  }
}

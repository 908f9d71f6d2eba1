package dev.ashlar.cli.command;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.ashlar.formats.Checkpoints;
import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.formats.safetensors.SafetensorsWriter;
import dev.ashlar.formats.safetensors.TensorOutput;
import dev.ashlar.nn.architecture.Architecture;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.BlockSpec;
import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tensor.weights.StoredTensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Round-to-nearest from file to file gives what the ordinary run gives, and needs no family. */
class ModelFreeTest {
  @TempDir Path scratch;
  private Path sample;

  @BeforeEach
  void sample() {
    sample = FixtureFolders.copied("llama");
  }

  private Path fresh(String name) throws IOException {
    return Files.createTempDirectory(scratch, name).resolve("out");
  }

  private Path quantize(Path model, boolean free, Object... more) throws IOException {
    Path out = fresh(free ? "free" : "built");
    List<Object> args = new ArrayList<>(List.of("quantize", "--model", model, "--method", "rtn"));
    args.addAll(List.of("--output-dir", out, "--json"));
    args.addAll(List.of(more));
    if (free) {
      args.add("--model-free");
    }
    assertTrue(CommandRun.succeed(args.toArray()).json().containsKey("peakMemoryBytes"));
    return out;
  }

  @TestFactory
  Stream<DynamicNode> itIsTheOrdinaryRunByteForByte() {
    return FixtureFolders.all().stream()
        .map(f -> dynamicTest(FixtureFolders.name(f), () -> same(f)));
  }

  private void same(Path model) throws IOException {
    Object[] options = {"--group-size", 32, "--format", "auto_round,auto_gptq"};
    Path built = quantize(model, false, options);
    Path free = quantize(model, true, options);
    try (Checkpoint source = Checkpoints.open(model)) {
      for (String format : List.of("auto_round", "auto_gptq")) {
        sameFiles(built.resolve(format), free.resolve(format), source.shards().size());
      }
    }
  }

  /** The same files; where the source has several, each of them is one again. */
  private static void sameFiles(Path built, Path free, int shards) throws IOException {
    assertArrayEquals(
        Files.readAllBytes(built.resolve("config.json")),
        Files.readAllBytes(free.resolve("config.json")));
    if (shards == 1) {
      assertEquals(-1, Files.mismatch(weights(built).getFirst(), weights(free).getFirst()));
      return;
    }
    assertEquals(shards, weights(free).size());
    try (Checkpoint a = Checkpoints.open(built);
        Checkpoint b = Checkpoints.open(free)) {
      assertEquals(new TreeSet<>(a.names()), new TreeSet<>(b.names()));
      a.names().forEach(n -> assertArrayEquals(bytes(a.tensor(n)), bytes(b.tensor(n)), n));
      sameCodes(a, b);
    }
  }

  private static List<Path> weights(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(p -> p.toString().endsWith(".safetensors")).sorted().toList();
    }
  }

  private static byte[] bytes(StoredTensor t) {
    byte[] bytes = new byte[(int) t.byteSize()];
    t.readBytes(0, bytes, 0, bytes.length);
    return bytes;
  }

  private static void sameCodes(Checkpoint a, Checkpoint b) {
    assertEquals(new TreeSet<>(a.quantizedNames()), new TreeSet<>(b.quantizedNames()));
    for (String module : a.quantizedNames()) {
      QuantizedMatrix x = a.quantized(module).orElseThrow();
      QuantizedMatrix y = b.quantized(module).orElseThrow();
      assertEquals(x.scheme(), y.scheme(), module);
      assertArrayEquals(x.dequantize().data(), y.dequantize().data(), module);
    }
  }

  /** Names and shapes alone find the same layers wherever they tell enough. */
  @TestFactory
  Stream<DynamicNode> namesAloneTellTheSameLayers() {
    return FixtureFolders.all().stream()
        .filter(ModelFreeTest::tellsByName)
        .map(f -> dynamicTest(FixtureFolders.name(f), () -> byName(f)));
  }

  /**
   * Not where matrices lie transposed or stacked, which no name says, nor where loaders have other
   * names, which only the family knows.
   */
  private static boolean tellsByName(Path model) {
    try (Checkpoint source = Checkpoints.open(model)) {
      DecoderSpec spec = Architectures.spec(source);
      Architecture family = Architectures.find(spec.modelType()).orElseThrow();
      return spec.blocks().stream()
              .map(BlockSpec::linears)
              .flatMap(List::stream)
              .noneMatch(l -> l.transposed() || l.stack().isPresent())
          && source.names().stream().allMatch(name -> family.loaded(name).equals(name));
    }
  }

  private void byName(Path model) throws IOException {
    Path built = quantize(model, false, "--group-size", 32);
    Path free = quantize(renamed(model, "frobnicate"), true, "--group-size", 32);
    try (Checkpoint a = Checkpoints.open(built);
        Checkpoint b = Checkpoints.open(free)) {
      assertEquals("frobnicate", b.config().get("model_type"));
      sameCodes(a, b);
      assertEquals(new TreeSet<>(a.names()), new TreeSet<>(b.names()));
    }
  }

  /** The same model under another type, in several files. */
  private Path renamed(Path model, String type) throws IOException {
    Path folder = Files.createTempDirectory(scratch, "renamed");
    String config = Files.readString(model.resolve("config.json"));
    try (Checkpoint source = Checkpoints.open(model);
        SafetensorsWriter writer = SafetensorsWriter.inFolder(folder, 100_000)) {
      String own = "\"model_type\": \"" + source.config().get("model_type") + "\"";
      assertTrue(config.contains(own), config);
      Files.writeString(
          folder.resolve("config.json"), config.replace(own, "\"model_type\": \"" + type + "\""));
      source.names().forEach(n -> writer.copy(source.tensor(n)));
      writer.finish();
    }
    return folder;
  }

  @Test
  void anUnknownFamilyIsRefusedWithItsNearMatchesAndThisWayOut() throws IOException {
    Path model = renamed(sample, "lama4");
    String said =
        CommandRun.refused(
            "quantize", "--model", model, "--method", "rtn", "--output-dir", fresh("refused"));
    assertTrue(said.contains("lama4"), said);
    assertTrue(said.contains("nearest is llama"), said);
    assertTrue(said.contains("--model-free"), said);
    assertTrue(weights(quantize(model, true)).size() > 1, "each file became one");
  }

  /** A source in eight-bit floats is what its blocks widen to, whoever reads it. */
  @Test
  void eightBitFloatsAreWidened() throws IOException {
    Path eight = Files.createDirectories(scratch.resolve("eight"));
    Path wide = Files.createDirectories(scratch.resolve("wide"));
    String config = Files.readString(sample.resolve("config.json"));
    Files.writeString(wide.resolve("config.json"), config);
    Files.writeString(
        eight.resolve("config.json"),
        config.replaceFirst(
            "\\{",
            "{\"quantization_config\": {\"quant_method\": \"fp8\", \"weight_block_size\": [48,"
                + " 40]},"));
    try (Checkpoint source = Checkpoints.open(sample);
        SafetensorsWriter writer = SafetensorsWriter.inFolder(eight)) {
      for (String name : source.names()) {
        StoredTensor t = source.tensor(name);
        if (name.contains("_proj.")) {
          eightBits(writer, t);
        } else {
          writer.copy(t);
        }
      }
      writer.finish();
    }
    try (Checkpoint source = Checkpoints.open(eight);
        SafetensorsWriter writer = SafetensorsWriter.inFolder(wide)) {
      assertTrue(source.names().stream().noneMatch(n -> n.endsWith("_scale_inv")));
      source.names().forEach(n -> writer.floats(n, DType.F32, source.tensor(n).toTensor()));
      writer.finish();
    }
    Path of = quantize(wide, false, "--group-size", 32);
    for (boolean free : new boolean[] {true, false}) {
      try (Checkpoint a = Checkpoints.open(of);
          Checkpoint b = Checkpoints.open(quantize(eight, free, "--group-size", 32))) {
        sameCodes(a, b);
        assertFalse(b.config().toString().contains("fp8"));
      }
    }
  }

  /** Any finite codes, and a scale for each block of 48 by 40. */
  private static void eightBits(SafetensorsWriter writer, StoredTensor t) {
    int out = (int) t.shape().dim(0);
    int in = (int) t.shape().dim(1);
    byte[] codes = new byte[out * in];
    for (int i = 0; i < codes.length; i++) {
      int magnitude = (i * 37 + i / in * 11) % 0x7E;
      codes[i] = (byte) (i % 3 == 0 ? magnitude | 0x80 : magnitude);
    }
    try (TensorOutput o = writer.begin(t.name(), DType.F8_E4M3, t.shape())) {
      o.bytes(codes, 0, codes.length);
    }
    Tensor scales = Tensor.zeros(Math.ceilDiv(out, 48), Math.ceilDiv(in, 40));
    for (int i = 0; i < scales.size(); i++) {
      scales.data()[i] = 1e-4f * (i + 1);
    }
    writer.floats(t.name() + "_scale_inv", DType.F32, scales);
  }

  @Test
  void rulesAndOptionsHold() throws IOException {
    Path model = renamed(sample, "frobnicate");
    Object[] options = {
      "--bits",
      8,
      "--group-size",
      16,
      "--asym",
      "--quant-lm-head",
      "--ignore-layers",
      "k_proj",
      "--layer-config",
      "{\".*down_proj\": {\"bits\": 4, \"group_size\": 32}}"
    };
    Path free = quantize(model, true, options);
    try (Checkpoint b = Checkpoints.open(free)) {
      Set<String> packed = b.quantizedNames();
      assertTrue(packed.contains("lm_head"));
      assertFalse(packed.stream().anyMatch(n -> n.contains("k_proj") || n.contains("embed")));
      for (String module : packed) {
        boolean down = module.endsWith("down_proj");
        QuantScheme wanted = new IntegerGrid(down ? 4 : 8, down ? 32 : 16, false);
        assertEquals(wanted, b.quantized(module).orElseThrow().scheme(), module);
      }
    }
    Path built = quantize(sample, false, options);
    try (Checkpoint a = Checkpoints.open(built);
        Checkpoint b = Checkpoints.open(free)) {
      sameCodes(a, b);
    }
  }

  @Test
  void whatCannotBeIsRefused() throws IOException {
    Path out = fresh("out");
    Object[] base = {"quantize", "--model", sample, "--output-dir", out, "--model-free"};
    assertEquals(2, with(base, "--method", "signround").status());
    assertEquals(2, with(base, "--eval-dataset", sample.resolve("config.json")).status());
    CommandRun noRule = with(base, "--layer-config", "{\"nothing\": {\"bits\": 8}}");
    assertEquals(1, noRule.status());
    assertTrue(noRule.err().contains("match no layer"), noRule.err());
    Path packed = quantize(sample, true);
    CommandRun again =
        CommandRun.of("quantize", "--model", packed, "--output-dir", out, "--model-free");
    assertTrue(again.err().contains("quantized already"), again.err());
    assertFalse(Files.exists(out), "nothing was begun");
  }

  private static CommandRun with(Object[] base, Object... more) {
    List<Object> args = new ArrayList<>(List.of(base));
    args.addAll(List.of(more));
    return CommandRun.of(args.toArray());
  }
}

package dev.ashlar.cli.command;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.ashlar.formats.Checkpoints;
import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.io.json.Json;
import dev.ashlar.nn.architecture.Architecture;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.BlockContext;
import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * Mixtures by whatever names programs give their experts: the published ones, those of transformers
 * 5 and of auto-round, one by one or stacked.
 */
class ExpertNamesTest {
  @TempDir Path scratch;

  private static float[] logits(Path model) {
    try (Checkpoint source = Checkpoints.open(model)) {
      // So many that a head of 16 bits is multiplied as one of floats is.
      int[] ids = {5, 40, 17, 90, 61, 8, 33, 21, 7, 52, 30, 11, 74, 2, 66, 19};
      BlockContext context = BlockContext.of(1, ids.length);
      return Architectures.load(source).forward(ids, context, Tape.off()).data();
    }
  }

  private Path written(Path model, Map<String, Tensor> tensors) throws IOException {
    Path folder = Files.createTempDirectory(scratch, "written");
    FixtureFolders.write(folder, Json.readObject(model.resolve("config.json")), tensors);
    return folder;
  }

  private static Map<String, Tensor> renamed(Path model, UnaryOperator<String> names) {
    Map<String, Tensor> renamed = new LinkedHashMap<>();
    FixtureFolders.tensors(model).forEach((name, t) -> renamed.put(names.apply(name), t));
    return renamed;
  }

  private static Architecture family(Path model) {
    return Architectures.find(
            (String) Json.readObject(model.resolve("config.json")).get("model_type"))
        .orElseThrow();
  }

  /** As auto-round writes Mixtral's: maps by their usual names where the published ones lie. */
  private static String halfway(String name) {
    return name.replaceAll("(experts\\.\\d+)\\.w1", "$1.gate_proj")
        .replaceAll("(experts\\.\\d+)\\.w2", "$1.down_proj")
        .replaceAll("(experts\\.\\d+)\\.w3", "$1.up_proj");
  }

  @TestFactory
  Stream<DynamicNode> everySpellingIsRead() {
    List<DynamicNode> tests = new ArrayList<>();
    for (String name : List.of("mixtral", "phimoe", "minimax_m2")) {
      Path model = FixtureFolders.copied(name);
      tests.add(
          dynamicTest(
              name + " as auto-round has it",
              () -> same(model, renamed(model, ExpertNamesTest::halfway))));
      tests.add(
          dynamicTest(
              name + " as loaders have it",
              () -> same(model, renamed(model, family(model)::loaded))));
      tests.add(
          dynamicTest(
              name + " and back",
              () ->
                  assertEquals(
                      FixtureFolders.tensors(model).keySet(),
                      renamed(model, n -> family(model).published(family(model).loaded(n)))
                          .keySet())));
    }
    for (String name :
        List.of(
            "mixtral", "phimoe", "minimax_m2", "qwen2_moe_mixed", "olmoe", "deepseek_v3_yarn")) {
      Path model = FixtureFolders.copied(name);
      for (boolean turned : new boolean[] {false, true}) {
        tests.add(
            dynamicTest(
                name + (turned ? " stacked and turned" : " stacked"),
                () -> same(model, stacked(renamed(model, family(model)::loaded), turned))));
      }
    }
    for (String name : List.of("gpt_oss", "granitemoe", "granitemoeshared")) {
      Path model = FixtureFolders.copied(name);
      tests.add(dynamicTest(name + " one by one", () -> same(model, alone(model))));
    }
    return tests.stream();
  }

  private void same(Path model, Map<String, Tensor> tensors) throws IOException {
    assertFalse(
        tensors.keySet().equals(FixtureFolders.tensors(model).keySet()),
        "nothing is spelled otherwise");
    assertArrayEquals(logits(model), logits(written(model, tensors)), 0);
  }

  /** All experts of a block in two tensors. */
  private static Map<String, Tensor> stacked(Map<String, Tensor> tensors, boolean turned) {
    Map<String, Tensor> stacked = new LinkedHashMap<>();
    Map<String, List<Tensor>> parts = new LinkedHashMap<>();
    tensors.forEach(
        (name, t) -> {
          String[] words = name.split("\\.experts\\.\\d+\\.");
          if (words.length < 2) {
            stacked.put(name, t);
          } else {
            parts.computeIfAbsent(words[0] + " " + words[1], k -> new ArrayList<>()).add(t);
          }
        });
    for (String key : List.copyOf(parts.keySet())) {
      String parent = key.substring(0, key.indexOf(' '));
      if (key.endsWith("gate_proj.weight")) {
        List<Tensor> gates = parts.get(key);
        List<Tensor> ups = parts.get(parent + " up_proj.weight");
        List<Tensor> both = new ArrayList<>();
        for (int e = 0; e < gates.size(); e++) {
          both.add(below(gates.get(e), ups.get(e)));
        }
        stacked.put(parent + ".experts.gate_up_proj", stack(both, turned));
      } else if (key.endsWith("down_proj.weight")) {
        stacked.put(parent + ".experts.down_proj", stack(parts.get(key), turned));
      }
    }
    return stacked;
  }

  private static Tensor below(Tensor a, Tensor b) {
    Tensor both = Tensor.zeros(a.dim(0) + b.dim(0), a.dim(1));
    System.arraycopy(a.data(), 0, both.data(), 0, a.size());
    System.arraycopy(b.data(), 0, both.data(), a.size(), b.size());
    return both;
  }

  private static Tensor stack(List<Tensor> parts, boolean turned) {
    List<Tensor> lying = parts.stream().map(t -> turned ? t.transposed() : t).toList();
    Tensor first = lying.getFirst();
    Tensor all = Tensor.zeros(lying.size(), first.dim(0), first.dim(1));
    for (int e = 0; e < lying.size(); e++) {
      System.arraycopy(lying.get(e).data(), 0, all.data(), e * first.size(), first.size());
    }
    return all;
  }

  /** The halves of each expert's gate and up, and their biases, as tensors of their own. */
  private static Map<String, Tensor> alone(Path model) {
    Map<String, Tensor> alone = new LinkedHashMap<>();
    FixtureFolders.tensors(model)
        .forEach(
            (name, t) -> {
              boolean oss = name.contains(".experts.");
              String both = oss ? "gate_up_proj" : "input_linear";
              boolean gateUp = name.contains(both);
              if (t.shape().rank() != 3 && !name.endsWith("proj_bias")) {
                alone.put(name, t);
                return;
              }
              String parent = name.replaceAll("(experts\\.)?[a-z_]+(\\.weight)?$", "experts.");
              String part = name.endsWith("_bias") ? ".bias" : ".weight";
              for (int e = 0; e < t.dim(0); e++) {
                Tensor map = expert(t, e, oss && t.shape().rank() == 3);
                if (gateUp) {
                  alone.put(parent + e + ".gate_proj" + part, half(map, 0));
                  alone.put(parent + e + ".up_proj" + part, half(map, 1));
                } else {
                  alone.put(parent + e + ".down_proj" + part, map);
                }
              }
            });
    return alone;
  }

  private static Tensor expert(Tensor all, int e, boolean turned) {
    boolean matrix = all.shape().rank() == 3;
    Tensor one = matrix ? Tensor.zeros(all.dim(1), all.dim(2)) : Tensor.zeros(all.dim(1));
    System.arraycopy(all.data(), e * one.size(), one.data(), 0, one.size());
    return turned ? one.transposed() : one;
  }

  private static Tensor half(Tensor t, int which) {
    int rows = t.dim(0) / 2;
    Tensor half = t.shape().rank() == 2 ? Tensor.zeros(rows, t.dim(1)) : Tensor.zeros(rows);
    System.arraycopy(t.data(), which * half.size(), half.data(), 0, half.size());
    return half;
  }

  private Path quantize(Path model, Object... more) {
    Path out = scratch.resolve("out-" + scratch.toFile().list().length);
    CommandRun.succeed(CommandRun.rtn(model, out, more));
    return out;
  }

  private static Set<String> modules(Path folder) {
    try (Checkpoint export = Checkpoints.open(folder)) {
      return new TreeSet<>(export.quantizedNames());
    }
  }

  @Test
  void loadersFindTheirModulesAndTheirNamesInTheConfiguration() {
    Path model = FixtureFolders.copied("minimax_m2");
    for (String format : List.of("auto_round", "auto_gptq")) {
      Path out = quantize(model, "--format", format, "--ignore-layers", "experts.1.,experts.3.");
      Set<String> modules = modules(out);
      assertTrue(modules.contains("model.layers.0.mlp.experts.0.gate_proj"), modules + "");
      assertTrue(modules.contains("model.layers.1.mlp.experts.2.down_proj"), modules + "");
      assertTrue(modules.stream().noneMatch(m -> m.contains("block_sparse_moe")), modules + "");
      try (Checkpoint export = Checkpoints.open(out)) {
        assertTrue(export.find("model.layers.0.mlp.experts.1.up_proj.weight").isPresent());
        assertTrue(export.find("model.layers.0.mlp.gate.weight").isPresent());
        assertTrue(export.find("model.layers.0.mlp.e_score_correction_bias").isPresent());
        Map<String, Object> config =
            Json.asObject(export.config().get("quantization_config"), "config");
        String key = format.equals("auto_round") ? "extra_config" : "dynamic";
        Set<String> named = Json.asObject(config.get(key), key).keySet();
        String expert = "model.layers.0.mlp.experts.1.up_proj";
        assertTrue(
            named.contains(expert) || named.contains("-:^" + expert.replace(".", "\\.") + "$"),
            named + "");
        assertTrue(named.stream().noneMatch(n -> n.contains("sparse")), named + "");
      }
    }
  }

  @Test
  void theFamilysOwnNamesAreWrittenOnRequest() {
    Path model = FixtureFolders.copied("minimax_m2");
    Set<String> modules = modules(quantize(model, "--original-names"));
    assertTrue(modules.contains("model.layers.0.block_sparse_moe.experts.0.w1"), modules + "");
    assertTrue(modules.stream().noneMatch(m -> m.contains(".mlp.")), modules + "");
  }

  /** Readers of FP8 in tiles go by the names of the family's own files. */
  @Test
  void tilesHaveTheFamilysOwnNames() {
    Path model = FixtureFolders.copied("mixtral");
    Path out = scratch.resolve("tiles");
    CommandRun.succeed(
        "quantize",
        "--model",
        model,
        "--method",
        "rtn",
        "--scheme",
        "FP8_BLOCK",
        "--format",
        "fp8",
        "--output-dir",
        out);
    try (Checkpoint export = Checkpoints.open(out)) {
      assertTrue(export.names().containsAll(FixtureFolders.tensors(model).keySet()));
      assertTrue(export.names().stream().noneMatch(n -> n.contains(".mlp.")));
    }
  }

  @Test
  void stackedExpertsAreWrittenOneByOne() {
    Set<String> modules = modules(quantize(FixtureFolders.copied("granitemoe")));
    for (String map : List.of("gate_proj", "up_proj", "down_proj")) {
      assertTrue(
          modules.contains("model.layers.0.block_sparse_moe.experts.3." + map), modules + "");
    }
  }

  /** Even where none of them is packed: loaders take every stack apart. */
  @Test
  void stackedExpertsThatStayFloatAreWrittenOneByOneToo() {
    Path out = quantize(FixtureFolders.copied("gpt_oss"), "--ignore-layers", "experts");
    try (Checkpoint export = Checkpoints.open(out)) {
      for (String part : List.of("gate_proj.weight", "gate_proj.bias", "down_proj.bias")) {
        assertTrue(export.find("model.layers.1.mlp.experts.2." + part).isPresent(), part);
      }
      assertTrue(export.names().stream().noneMatch(n -> n.contains("gate_up_proj")));
    }
  }

  /** Programs that read the family's own files read the float folder. */
  @TestFactory
  Stream<DynamicNode> floatFoldersAreSpelledAsTheSourceIs() {
    return Stream.of("mixtral", "phimoe", "minimax_m2", "gpt_oss", "granitemoe", "qwen2_moe_mixed")
        .map(name -> dynamicTest(name, () -> spelled(FixtureFolders.copied(name))));
  }

  private void spelled(Path model) {
    Path out = quantize(model, "--format", "fake");
    Map<String, Tensor> before = FixtureFolders.tensors(model);
    Map<String, Tensor> after = FixtureFolders.tensors(out);
    assertEquals(before.keySet(), after.keySet());
    Map<String, String> other = new HashMap<>();
    before.forEach(
        (name, t) -> {
          if (!t.shape().equals(after.get(name).shape())) {
            other.put(name, t.shape() + " is now " + after.get(name).shape());
          }
        });
    assertEquals(Map.of(), other);
    try (Checkpoint export = Checkpoints.open(out)) {
      assertEquals("float32", export.config().get("dtype"));
      export.names().forEach(n -> assertEquals(DType.F32, export.tensor(n).dtype(), n));
    }
  }

  /** Codes in half precision times codes need more bits than half precision has. */
  @Test
  void floatFoldersLieOnTheGrid() {
    Path model = FixtureFolders.copied("minimax_m2");
    Path packed = quantize(model);
    Path fake = quantize(model, "--format", "fake");
    try (Checkpoint a = Checkpoints.open(packed);
        Checkpoint b = Checkpoints.open(fake)) {
      Architecture family = family(model);
      for (String module : a.quantizedNames()) {
        assertArrayEquals(
            a.quantized(module).orElseThrow().dequantize().data(),
            b.tensor(family.published(module) + ".weight").toTensor().data(),
            module);
      }
    }
  }

  /**
   * What is expanded is spelled and lies as the family's own files are: the same tensors, and the
   * same values as those that are written as floats at once.
   */
  @TestFactory
  Stream<DynamicNode> expandedFoldersAreTheFamilysOwn() {
    return Stream.of(
            "mixtral",
            "phimoe",
            "minimax_m2",
            "gpt_oss",
            "granitemoe",
            "gpt2_scale_by_layer",
            "gpt_bigcode",
            "llama")
        .map(name -> dynamicTest(name, () -> expanded(FixtureFolders.copied(name))));
  }

  private void expanded(Path model) {
    Path fake = quantize(model, "--format", "fake");
    Path packed = quantize(model);
    Path floats = scratch.resolve("floats-" + packed.getFileName());
    CommandRun.succeed("convert", "--model", packed, "--output-dir", floats);
    Map<String, Tensor> expected = FixtureFolders.tensors(fake);
    Map<String, Tensor> found = FixtureFolders.tensors(floats);
    assertEquals(expected.keySet(), found.keySet());
    expected.forEach(
        (name, t) -> {
          assertEquals(t.shape(), found.get(name).shape(), name);
          assertArrayEquals(t.data(), found.get(name).data(), name);
        });
  }
}

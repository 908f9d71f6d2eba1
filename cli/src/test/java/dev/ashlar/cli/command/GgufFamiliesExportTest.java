package dev.ashlar.cli.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.ashlar.engine.inspect.Comparison;
import dev.ashlar.engine.inspect.TensorDifference;
import dev.ashlar.engine.job.JobListener;
import dev.ashlar.formats.Checkpoints;
import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.io.json.Json;
import dev.ashlar.io.json.JsonWriter;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.BlockContext;
import dev.ashlar.tensor.autograd.Tape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every model is written as a GGUF file of floats that is the same model when it is read, but for
 * those of which the container cannot say what they are: these are refused in a sentence, and leave
 * nothing.
 */
class GgufFamiliesExportTest {
  private static final double TOLERANCE = 1e-4;

  /** Of embeddings of 8 bits; maps are carried as they are. */
  private static final double ROUNDED = 0.01;

  private static final String NO_TABLE = "no table says how models of type";

  /** Why what is not written is not, by names of fixtures; everything else is written. */
  private static final Map<String, String> REFUSED =
      Map.ofEntries(
          Map.entry("bloom_postln_residual", "FromNormed would be read as residual=Sequential"),
          Map.entry("codegen", NO_TABLE),
          Map.entry("cwm", NO_TABLE),
          Map.entry("exaone_moe", NO_TABLE),
          Map.entry("falcon_alibi_rw", "position=Alibi would be read as position=Rotary"),
          Map.entry("flex_olmo", NO_TABLE),
          Map.entry("gemma2", "scale=0.2236068 would be read as scale=0.20412415"),
          Map.entry("glm4_moe_lite", NO_TABLE),
          Map.entry("gpt2_scale_by_layer", "scale=0.125 would be read as scale=0.25"),
          Map.entry("gpt_neo", NO_TABLE),
          Map.entry("gptj", NO_TABLE),
          Map.entry("helium", NO_TABLE),
          Map.entry("hyperclovax", NO_TABLE),
          Map.entry("llama_dynamic_ntk", "found \"dynamic\""),
          Map.entry("minicpm3", NO_TABLE),
          Map.entry("ministral", NO_TABLE),
          Map.entry("opt", NO_TABLE),
          Map.entry("opt_350m_style", NO_TABLE),
          Map.entry("opt_nobias", NO_TABLE),
          Map.entry("phi_gqa_qkln", "headNorms=Optional would be read as headNorms=Optional.empty"),
          Map.entry("qwen2_moe_mixed", "feedForward=Gated would be read as feedForward=Experts"),
          Map.entry("smollm3", "position=None would be read as position=Rotary"),
          Map.entry("solar_open", NO_TABLE),
          Map.entry(
              "stablelm_parallel_qkln",
              "headNorms=Optional would be read as headNorms=Optional.empty"));

  private static final String WINDOW = "know no window";

  /** Models that other readers compute otherwise, and what the warning says of them. */
  private static final Map<String, String> UNHEEDED =
      Map.of(
          "deepseek_v2",
          "groups of experts",
          "exaone4",
          "64 layers only",
          "mistral_sliding",
          WINDOW,
          "phi3",
          WINDOW,
          "phimoe",
          "norms",
          "starcoder2",
          WINDOW);

  @TempDir Path scratch;

  @TestFactory
  Stream<DynamicNode> aFileOfFloatsIsTheSameModel() {
    return FixtureFolders.texts().stream()
        .map(folder -> dynamicTest(FixtureFolders.name(folder), () -> convert(folder)));
  }

  /** That a longer list of what is refused does not go unseen. */
  @Test
  void mostAreWritten() {
    long written =
        FixtureFolders.copied().stream()
            .filter(folder -> !REFUSED.containsKey(FixtureFolders.name(folder)))
            .count();
    assertEquals(41, written);
  }

  /**
   * What no fixture has.
   *
   * @param unheeded whether no other reader heeds its window
   * @param changes to the configuration
   */
  private record Variant(String fixture, boolean unheeded, Map<String, Object> changes) {}

  private static final List<Variant> VARIANTS =
      List.of(
          new Variant("mixtral", true, Map.of("sliding_window", 6L)),
          new Variant(
              "qwen2",
              true,
              Map.of(
                  "use_sliding_window",
                  true,
                  "sliding_window",
                  6L,
                  "layer_types",
                  List.of("full_attention", "sliding_attention"))),
          new Variant("mistral_sliding", false, Map.of("sliding_window", 128L)),
          new Variant("llama", false, Map.of("sliding_window", 6L)),
          new Variant("llama", false, yarn(Map.of("attention_factor", 1.1, "beta_fast", 8.0))),
          new Variant("gpt_oss", false, yarn(Map.of("truncate", false))));

  private static Map<String, Object> yarn(Map<String, Object> more) {
    Map<String, Object> section = new HashMap<>(more);
    section.put("rope_type", "yarn");
    section.put("rope_theta", 10_000.0);
    section.put("factor", 4.0);
    section.put("original_max_position_embeddings", 32L);
    return Map.of("rope_parameters", section);
  }

  @TestFactory
  Stream<DynamicNode> soAreTheirVariants() {
    return VARIANTS.stream()
        .map(v -> dynamicTest(v.fixture + " " + v.changes.keySet(), () -> convert(v)));
  }

  /**
   * What was quantized is in the file, under the names that it had: where loaders of packed weights
   * have others than the family, files of GGUF are made of these too.
   */
  @TestFactory
  Stream<DynamicNode> aQuantizedFileIsTheQuantizedModel() {
    return FixtureFolders.texts().stream()
        .filter(folder -> !REFUSED.containsKey(FixtureFolders.name(folder)))
        .map(folder -> dynamicTest(FixtureFolders.name(folder), () -> quantize(folder)));
  }

  private void quantize(Path model) throws IOException {
    Path out = scratch.resolve("quantized-" + FixtureFolders.name(model));
    CommandRun.succeed(
        "quantize",
        "--model",
        model,
        "--method",
        "rtn",
        "--bits",
        "8",
        "--group-size",
        "32",
        "--format",
        "ashlar,gguf",
        "--original-names",
        "--no-eval",
        "--output-dir",
        out);
    try (Checkpoint gguf = Checkpoints.open(out.resolve("gguf"));
        Checkpoint own = Checkpoints.open(out.resolve("ashlar"))) {
      Comparison c = Comparison.of(gguf, own, JobListener.SILENT);
      assertEquals(List.of(), c.missing());
      for (TensorDifference t : c.tensors()) {
        assertTrue(t.relativeError() <= ROUNDED, t.toString());
      }
    }
  }

  private void convert(Variant variant) throws IOException {
    Path fixture = FixtureFolders.copied(variant.fixture);
    Path folder = scratch.resolve("variant-" + VARIANTS.indexOf(variant));
    Path model = Files.createDirectories(folder.resolve("model"));
    Map<String, Object> config =
        new LinkedHashMap<>(
            Json.parseObject(Files.readAllBytes(fixture.resolve("config.json")), "config.json"));
    config.putAll(variant.changes);
    Files.writeString(model.resolve("config.json"), JsonWriter.pretty(config));
    Files.copy(fixture.resolve("model.safetensors"), model.resolve("model.safetensors"));
    written(model, folder.resolve("out"), variant.unheeded ? WINDOW : null);
  }

  private void convert(Path model) throws IOException {
    String name = FixtureFolders.name(model);
    Path out = scratch.resolve(name);
    Object[] words = {"convert", "--model", model, "--format", "gguf:f32", "--output-dir", out};
    if (REFUSED.containsKey(name)) {
      String sentence = CommandRun.refused(words);
      assertTrue(sentence.contains("format gguf"), sentence);
      assertTrue(sentence.contains(REFUSED.get(name)), sentence);
      assertFalse(Files.exists(out), "nothing is left of what was refused");
      return;
    }
    written(model, out, UNHEEDED.get(name));
  }

  private static void written(Path model, Path out, String unheeded) throws IOException {
    List<String> warnings =
        CommandRun.warnings(
            () ->
                CommandRun.succeed(
                    "convert", "--model", model, "--format", "gguf:f32", "--output-dir", out));
    List<String> said = warnings.stream().filter(w -> w.contains("llama.cpp and its kin")).toList();
    assertEquals(unheeded == null ? 0 : 1, said.size(), warnings.toString());
    assertTrue(said.stream().allMatch(w -> w.contains(unheeded)), warnings.toString());
    double error = difference(logits(file(out)), logits(model));
    assertTrue(error <= TOLERANCE, "logits off by " + error);
  }

  /** Relative L2. */
  private static double difference(float[] found, float[] wanted) {
    double error = 0;
    double square = 0;
    for (int i = 0; i < wanted.length; i++) {
      error += Math.pow(found[i] - wanted[i], 2);
      square += Math.pow(wanted[i], 2);
    }
    return Math.sqrt(error / square);
  }

  private static Path file(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      List<Path> all = files.filter(f -> f.toString().endsWith(".gguf")).toList();
      assertEquals(1, all.size(), all.toString());
      return all.getFirst();
    }
  }

  private static float[] logits(Path model) {
    int[] ids = new int[24];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = 3 + (29 * i + i * i) % 100;
    }
    try (Checkpoint source = Checkpoints.open(model)) {
      return Architectures.load(source)
          .forward(ids, BlockContext.of(2, 12), Tape.off())
          .data()
          .clone();
    }
  }
}

package dev.ashlar.cli.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.engine.model.AdaptedModules;
import dev.ashlar.engine.model.Model;
import dev.ashlar.formats.adapter.PeftFolder;
import dev.ashlar.io.json.Json;
import dev.ashlar.nn.decoder.LinearSpec;
import dev.ashlar.tensor.Tensor;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code --lora} wherever a model is opened to be run, and merged copies. */
class AdapterCommandsTest {
  private static final String PROMPT = "Ada counted nine bricks and";

  @TempDir static Path folder;

  private static Path adapter;

  @BeforeAll
  static void writeAdapter() {
    adapter = folder.resolve("adapter:1");
    try (Model model = Model.open("demo")) {
      Random random = new Random(3);
      Map<String, PeftFolder.Factors> factors = new LinkedHashMap<>();
      for (Map.Entry<String, LinearSpec> e :
          new AdaptedModules(model.spec(), model.checkpoint()).all().entrySet()) {
        Tensor down = random(random, 2, e.getValue().in());
        Tensor up = random(random, e.getValue().out(), 2);
        factors.put(e.getKey(), new PeftFolder.Factors(down, up));
      }
      PeftFolder.write(
          adapter, new PeftFolder.Settings("demo", 2, 1, List.of("q_proj"), false), factors);
    }
  }

  private static Tensor random(Random random, int rows, int columns) {
    Tensor t = Tensor.zeros(rows, columns);
    for (int i = 0; i < t.size(); i++) {
      t.data()[i] = (float) (random.nextGaussian() * 0.1);
    }
    return t;
  }

  private static String text(Object model, Object... more) {
    Object[] words = {
      "generate",
      "--model",
      model,
      "--prompt",
      PROMPT,
      "--temperature",
      0,
      "--max-tokens",
      24,
      "--json"
    };
    Object[] all = new Object[words.length + more.length];
    System.arraycopy(words, 0, all, 0, words.length);
    System.arraycopy(more, 0, all, words.length, more.length);
    byte[] json = CommandRun.succeed(all).out().getBytes(StandardCharsets.UTF_8);
    return (String) Json.parseObject(json, "generate").get("text");
  }

  /** The folder's own name has a colon and a number, which is no scale. */
  @Test
  void aMergedCopySaysWhatTheAdapterDoes() {
    String plain = text("demo");
    String adapted = text("demo", "--lora", adapter);
    assertNotEquals(plain, adapted);
    assertEquals(plain, text("demo", "--lora", adapter + ":0"));
    assertEquals(plain, text("demo", "--lora", adapter, "--lora", adapter + ":-1"));
    Path merged = folder.resolve("merged");
    CommandRun.succeed("convert", "--model", "demo", "--lora", adapter, "--output-dir", merged);
    assertEquals(adapted, text(merged));
    Path gguf = folder.resolve("gguf");
    CommandRun.succeed(
        "convert",
        "--model",
        "demo",
        "--lora",
        adapter,
        "--format",
        "gguf:f32",
        "--output-dir",
        gguf);
    assertEquals(adapted, text(gguf));
  }

  /** Beside the codes of a GGUF file, and merged with what they stand for. */
  @Test
  void modelsOfGgufAreAdaptedAndMerged() {
    Path gguf = folder.resolve("base-gguf");
    CommandRun.succeed("convert", "--model", "demo", "--format", "gguf:q8_0", "--output-dir", gguf);
    String strong = adapter + ":3";
    String adapted = text(gguf, "--lora", strong);
    assertNotEquals(text(gguf), adapted);
    Path floats = folder.resolve("gguf-merged");
    CommandRun.succeed("convert", "--model", gguf, "--lora", strong, "--output-dir", floats);
    assertEquals(adapted, text(floats));
    Path again = folder.resolve("gguf-merged-gguf");
    CommandRun.succeed(
        "convert",
        "--model",
        gguf,
        "--lora",
        strong,
        "--format",
        "gguf:f32",
        "--output-dir",
        again);
    assertEquals(adapted, text(again));
  }

  /** Codes of weights that are not adapted go over as they are; adapted ones are floats before. */
  @Test
  void packedModelsAreAdaptedAndMerged() {
    Path packed = folder.resolve("packed");
    CommandRun.succeed(CommandRun.rtn(Path.of("demo"), packed, "--no-eval"));
    String adapted = text(packed, "--lora", adapter);
    assertNotEquals(text(packed), adapted);
    Path merged = folder.resolve("packed-merged");
    CommandRun.succeed(
        "convert",
        "--model",
        packed,
        "--lora",
        adapter,
        "--format",
        "gguf:f32",
        "--output-dir",
        merged);
    assertEquals(adapted, text(merged));
  }

  @Test
  void evaluationSeesTheAdapter() throws Exception {
    Path data = Files.writeString(folder.resolve("t.txt"), (PROMPT + " eight more. ").repeat(40));
    Object[] words = {"eval", "--model", "demo", "--dataset", data, "--seqlen", 32, "--json"};
    Object[] more = {
      "eval", "--model", "demo", "--dataset", data, "--seqlen", 32, "--json", "--lora", adapter
    };
    assertNotEquals(perplexity(words), perplexity(more));
  }

  private static Object perplexity(Object... words) {
    byte[] json = CommandRun.succeed(words).out().getBytes(StandardCharsets.UTF_8);
    return Json.parseObject(json, "eval").get("perplexity");
  }

  @Test
  void whatIsNoAdapterIsOneSentence() {
    String nothing =
        CommandRun.refused("generate", "--model", "demo", "--prompt", "x", "--lora", "nowhere");
    assertTrue(nothing.contains("nowhere: no such file or folder"), nothing);
    CommandRun scale =
        CommandRun.of("generate", "--model", "demo", "--prompt", "x", "--lora", adapter + ":much");
    assertEquals(2, scale.status(), scale.err());
    assertTrue(scale.err().contains("takes a number behind the colon: 'much'"), scale.err());
    Path out = folder.resolve("none");
    Path missing = folder.resolve("missing");
    String refused =
        CommandRun.refused("convert", "--model", "demo", "--lora", missing, "--output-dir", out);
    assertTrue(refused.contains(missing + ": no such file or folder"), refused);
    assertFalse(Files.exists(out));
    String much =
        CommandRun.refused(
            "generate", "--model", "demo", "--prompt", "x", "--lora", adapter + ":1e39");
    assertTrue(much.contains("expected a scale within single precision"), much);
  }
}

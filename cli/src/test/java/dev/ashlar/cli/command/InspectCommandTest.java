package dev.ashlar.cli.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.ashlar.io.json.Json;
import dev.ashlar.tensor.Tensor;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** What {@code inspect} shows of one model and of two; figures are held in the engine's tests. */
class InspectCommandTest {
  private static final Path MODELS = Path.of("../engine/src/test/resources/inspect");
  private static final String DOWN = "model.layers.1.mlp.down_proj.weight";

  @TempDir Path scratch;

  private static Map<String, Object> json(CommandRun run) {
    return Json.parseObject(run.out().getBytes(StandardCharsets.UTF_8), "output");
  }

  private static Map<?, ?> named(Object list, String key, String name) {
    return ((List<?>) list)
        .stream()
            .map(o -> (Map<?, ?>) o)
            .filter(m -> name.equals(m.get(key)))
            .findFirst()
            .orElseThrow();
  }

  @Test
  void partsAreListed() {
    CommandRun run = CommandRun.succeed("inspect", MODELS.resolve("gptq"), "--json");
    Map<?, ?> mlp = named(json(run).get("parts"), "part", "MLP");
    assertEquals(4544L, mlp.get("bytes"));
    assertEquals(5.916666666666667, mlp.get("bitsPerWeight"));
    String text = CommandRun.succeed("inspect", MODELS.resolve("model.gguf")).out();
    assertTrue(text.contains("6.53 kB   8.50 bits per weight"), text);
  }

  @Test
  void aPackedModelIsHeldAgainstItsFloats() {
    Path model = MODELS.resolve("gptq");
    Path floats = MODELS.resolve("float");
    CommandRun run = CommandRun.succeed("inspect", model, "--against", floats, "--json");
    Map<String, Object> json = json(run);
    assertEquals(true, json.get("complete"));
    assertEquals(12, ((List<?>) json.get("tensors")).size());
    Map<?, ?> total = (Map<?, ?>) json.get("total");
    assertEquals(0.04168763561946655, (double) total.get("relativeError"), 1e-12);
    String text = CommandRun.succeed("inspect", model, "--against", floats).out();
    assertTrue(text.contains("all 12 tensors"), text);
    assertTrue(text.lines().allMatch(line -> line.length() <= 100), text);
  }

  /** A tensor that is missing and one that is not a number, in copies of one model. */
  @Test
  void whatOnlyOneHasEndsWithStatusOne() throws IOException {
    Path model = FixtureFolders.copied("llama");
    Map<String, Object> config = Json.readObject(model.resolve("config.json"));
    Map<String, Tensor> tensors = FixtureFolders.tensors(model);
    tensors.get("model.norm.weight").data()[3] = Float.NaN;
    tensors.remove(DOWN);
    Path damaged = Files.createDirectory(scratch.resolve("damaged"));
    FixtureFolders.write(damaged, config, tensors);

    CommandRun run = CommandRun.of("inspect", damaged, "--against", model, "--json");
    assertEquals(1, run.status(), run.err());
    Map<String, Object> json = json(run);
    assertEquals(List.of(DOWN), json.get("onlyThere"));
    assertEquals(List.of(), json.get("onlyHere"));
    Map<?, ?> norm = named(json.get("tensors"), "name", "model.norm.weight");
    assertEquals(1L, norm.get("notFinite"));
    CommandRun text = CommandRun.of("inspect", model, "--against", damaged);
    assertEquals(1, text.status());
    assertTrue(text.out().contains("only in " + model + ": " + DOWN), text.out());
  }

  @Test
  void anotherShapeIsNamed() throws IOException {
    Path model = FixtureFolders.copied("llama");
    Map<String, Object> config = Json.readObject(model.resolve("config.json"));
    Map<String, Tensor> tensors = FixtureFolders.tensors(model);
    tensors.put(DOWN, Tensor.zeros(64, 95));
    Path other = Files.createDirectory(scratch.resolve("other"));
    FixtureFolders.write(other, config, tensors);
    CommandRun run = CommandRun.of("inspect", other, "--against", model);
    assertEquals(1, run.status());
    assertTrue(run.out().contains("other shapes: " + DOWN + ", [64, 95] and [64, 96]"), run.out());
  }

  @Test
  void codesAreShownByTheirShare() {
    CommandRun run = CommandRun.succeed("inspect", MODELS.resolve("gptq"), "--histogram", "--json");
    Map<String, Object> json = json(run);
    assertEquals(3.928473131023913, (double) json.get("entropy"), 1e-12);
    Map<?, ?> down = named(json.get("codes"), "name", "model.layers.0.mlp.down_proj.weight");
    assertEquals(145 / 2048.0, ((List<?>) down.get("shares")).getFirst());
    String none = CommandRun.succeed("inspect", MODELS.resolve("float"), "--histogram").out();
    assertTrue(none.contains("no codes"), none);
  }

  @Test
  void twoReportsAtOnceAreRefused() {
    CommandRun run = CommandRun.of("inspect", "demo", "--against", "demo", "--histogram");
    assertEquals(2, run.status());
    assertEquals("", run.out());
  }

  /** Stacked, turned and renamed tensors of every family that GGUF has room for. */
  @TestFactory
  Stream<DynamicNode> aGgufFileOfFloatsHasEveryTensorOfItsFolder() {
    return FixtureFolders.copied().stream()
        .map(folder -> dynamicTest(FixtureFolders.name(folder), () -> convert(folder)));
  }

  private void convert(Path model) throws IOException {
    Path out = scratch.resolve(FixtureFolders.name(model));
    CommandRun run =
        CommandRun.of("convert", "--model", model, "--format", "gguf:f32", "--output-dir", out);
    if (run.status() != 0) {
      assertTrue(run.err().contains("format gguf"), run.err());
      return;
    }
    CommandRun compared = CommandRun.of("inspect", out, "--against", model, "--json");
    assertEquals(0, compared.status(), compared.out() + compared.err());
    Map<?, ?> total = (Map<?, ?>) json(compared).get("total");
    assertTrue((double) total.get("relativeError") < 1e-6, total.toString());
  }
}

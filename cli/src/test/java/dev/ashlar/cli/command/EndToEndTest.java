package dev.ashlar.cli.command;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.io.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Whole commands on small real files: the main job from a model to text, and every bad input. */
class EndToEndTest {
  private static final Path SHARED = Path.of(System.getProperty("ashlar.shared", "../../shared"));
  private static final Path BASES = SHARED.resolve("fixtures/autoround/models");
  private static final Path BAD = SHARED.resolve("fixtures/badinputs");

  @TempDir Path scratch;

  /**
   * Exit status 1, nothing on standard output, and one sentence that is not about a bug of ours.
   */
  private static void refused(CommandRun o) {
    assertEquals(1, o.status(), o.out() + o.err());
    assertEquals("", o.out());
    long faults = o.err().lines().filter(l -> !l.contains("warning:")).count();
    assertEquals(1, faults, o.err());
    assertFalse(o.err().contains("bug in Ashlar"), o.err());
  }

  private static List<Path> folders(Path parent) throws IOException {
    Assumptions.assumeTrue(Files.isDirectory(parent), "skipped: there is no " + parent);
    try (Stream<Path> entries = Files.list(parent)) {
      return entries.filter(Files::isDirectory).sorted().toList();
    }
  }

  private static Object[] quantize(Path model, Path output, Object... more) {
    List<Object> args = new ArrayList<>(List.of("quantize", "--model", model, "--json"));
    args.addAll(List.of("--dataset", BASES.resolve("calib.jsonl"), "--group_size", 32));
    args.addAll(List.of("--seqlen", 32, "--nsamples", 8, "--batch_size", 4, "--iters", 3));
    args.addAll(List.of("--output_dir", output));
    args.addAll(List.of(more));
    return args.toArray();
  }

  @TestFactory
  Stream<DynamicTest> aModelIsQuantizedWrittenMeasuredAndRun() throws IOException {
    return folders(BASES).stream()
        .map(p -> DynamicTest.dynamicTest(p.getFileName().toString(), () -> mainJob(p)));
  }

  private void mainJob(Path model) throws IOException {
    Path output = scratch.resolve("main-" + model.getFileName());
    Path text = BASES.resolve("calib.jsonl");
    Object[] job =
        quantize(
            model,
            output,
            "--format",
            "auto_round,auto_gptq",
            "--eval-dataset",
            text,
            "--eval-limit",
            2);
    Map<String, Object> report = CommandRun.succeed(job).json();
    Map<String, Object> outputs = Json.asObject(report.get("outputs"), "outputs");
    assertEquals(List.of("auto_round", "auto_gptq"), List.copyOf(outputs.keySet()));
    Map<String, Object> perplexity = Json.asObject(report.get("perplexity"), "perplexity");
    assertTrue(perplexity.keySet().containsAll(List.of("float", "rtn", "tuned")));
    assertTrue((Long) report.get("peakMemoryBytes") > 0);
    for (Object folder : outputs.values()) {
      assertTrue(CommandRun.succeed("inspect", folder).out().contains("w4g32 sym"));
      Map<String, Object> eval =
          CommandRun.succeed(
                  "eval",
                  "--model",
                  folder,
                  "--dataset",
                  text,
                  "--seqlen",
                  32,
                  "--limit",
                  2,
                  "--json")
              .json();
      assertEquals(62L, eval.get("tokens"));
      Map<String, Object> generated =
          CommandRun.succeed(
                  "generate", "--model", folder, "--prompt", "w1 w2", "--max-tokens", 3, "--json")
              .json();
      assertTrue((Long) generated.get("tokens") <= 3);
    }
    CommandRun again = CommandRun.of(job);
    assertEquals(1, again.status());
    assertTrue(again.err().contains("not empty"), again.err());
  }

  @TestFactory
  Stream<DynamicTest> anInterruptedRunGoesOnAndEndsWithTheSameBytes() throws IOException {
    return folders(BASES).stream()
        .limit(1)
        .map(p -> DynamicTest.dynamicTest(p.getFileName().toString(), () -> interrupted(p)));
  }

  /** The work of a finished run, given to another one, is what an interrupted run leaves. */
  private void interrupted(Path model) throws IOException {
    Path whole = scratch.resolve("whole");
    Path work = scratch.resolve("work");
    CommandRun.succeed(quantize(model, whole, "--work-dir", work));
    Path broken = Files.createDirectories(scratch.resolve("broken"));
    Path kept = Files.createDirectories(broken.resolve(".ashlar-work"));
    Files.copy(work.resolve("job.json"), kept.resolve("job.json"));
    Files.copy(work.resolve("unit-0000"), kept.resolve("unit-0000"));
    Files.write(broken.resolve(".model.safetensors.ashlar-part"), new byte[100]);
    refused(CommandRun.of("inspect", broken));
    Map<String, Object> report = CommandRun.succeed(quantize(model, broken)).json();
    Map<?, ?> first = (Map<?, ?>) ((List<?>) report.get("units")).getFirst();
    assertEquals(true, first.get("resumed"));
    for (String file : List.of("model.safetensors", "config.json")) {
      assertArrayEquals(
          Files.readAllBytes(whole.resolve(file)), Files.readAllBytes(broken.resolve(file)), file);
    }
    assertFalse(Files.exists(kept));
  }

  @TestFactory
  Stream<DynamicTest> everyBadInputIsOneSentence() throws IOException {
    Assumptions.assumeTrue(Files.isDirectory(BAD), "skipped: there is no " + BAD);
    Object cases = Json.readObject(BAD.resolve("manifest.json")).get("cases");
    List<DynamicTest> tests = new ArrayList<>();
    for (Object entry : (List<?>) cases) {
      Map<String, Object> c = Json.asObject(entry, "case");
      Path file = BAD.resolve((String) c.get("file"));
      if (c.get("expect").equals("error")) {
        check((String) c.get("kind"), file)
            .ifPresent(t -> tests.add(DynamicTest.dynamicTest((String) c.get("id"), t::run)));
      }
    }
    return tests.stream();
  }

  private Optional<Runnable> check(String kind, Path file) {
    String name = file.getFileName().toString();
    Path output = scratch.resolve("bad-" + name);
    return switch (kind) {
      case "model-dir" ->
          Optional.of(
              () ->
                  refused(
                      CommandRun.of(
                          "quantize", "--model", file, "--method", "rtn", "--output-dir", output)));
      case "gguf" -> Optional.of(() -> refused(CommandRun.of("inspect", file)));
      case "calib" ->
          Optional.of(
              () -> {
                CommandRun o = CommandRun.of("quantize", "--model", scratch, "--dataset", file);
                refused(o);
                assertTrue(o.err().contains(name), o.err());
              });
      default -> Optional.empty();
    };
  }
}

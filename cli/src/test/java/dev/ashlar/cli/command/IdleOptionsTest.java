package dev.ashlar.cli.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.cli.console.Console;
import dev.ashlar.io.json.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What was asked for and does nothing is said. */
class IdleOptionsTest {
  private static final Path FIELD =
      Path.of(System.getProperty("ashlar.shared", "../../shared"), "fixtures", "field");
  private static final Path LLAMA = FixtureFolders.copied("llama");

  @TempDir Path scratch;

  private CommandRun rtn(Object... more) {
    List<Object> all = new ArrayList<>(List.of("--force"));
    all.addAll(List.of(more));
    return CommandRun.of(CommandRun.rtn(LLAMA, scratch.resolve("out"), all.toArray()));
  }

  private String warned(Object... more) {
    CommandRun run = rtn(more);
    assertEquals(0, run.status(), run.err());
    return run.err();
  }

  private String refused(int status, Object... more) {
    CommandRun run = rtn(more);
    assertEquals(status, run.status(), run.err());
    assertEquals("", run.out());
    assertFalse(run.err().contains("bug in"), run.err());
    return run.err();
  }

  @Test
  void aMethodWithoutDataNamesWhatItDoesNotUse() {
    assertFalse(warned().contains("warning"));
    for (Object[] option :
        new Object[][] {
          {"--nsamples", 4},
          {"--seqlen", 16},
          {"--batch-size", 2},
          {"--dataset", "no-such-file.jsonl"},
          {"--gradient-accumulate-steps", 2},
          {"--nblocks", 2},
          {"--disable-quanted-input"},
          {"--stream-dtype", "bf16"},
          {"--seed", 7},
          {"--recipe", "best"},
        }) {
      String said = warned(option);
      assertTrue(said.contains(option[0] + " has no effect"), said);
    }
    String both = warned("--model-free", "--nsamples", 3, "--seqlen", 7);
    assertTrue(both.contains("--nsamples, --seqlen have no effect"), both);
    assertTrue(refused(2, "--iters", 5).contains("iters"));
    assertTrue(refused(2, "--lr", 0.1).contains("lr"));
    // Absurd numbers overflow nothing.
    int most = Integer.MAX_VALUE;
    warned("--batch-size", most, "--gradient-accumulate-steps", most, "--nblocks", most);
    assertTrue(refused(2, "--group-size", most).contains("--group-size takes"));
    assertTrue(refused(2, "--method", "signround", "--iters", most).contains("iters"));
    assertTrue(refused(2, "--model-free", "--restart").contains("work folder"));
    assertTrue(refused(2, "--eval-limit", 3).contains("--eval-limit has no effect"));
    assertTrue(refused(2, "--eval-seqlen", 3).contains("--eval-seqlen has no effect"));
  }

  @Test
  void namesThatNoLayerHasAreRefused() {
    for (String free : List.of("", "--model-free")) {
      List<Object> with = free.isEmpty() ? List.of() : List.of(free);
      String said = refusedWith(with, "--ignore-layers", "dwon_proj");
      assertTrue(said.contains("dwon_proj") && said.contains("layer names look like"), said);
      said = refusedWith(with, "--layer-config", "{\"dwon_proj\": {\"bits\": 8}}");
      assertTrue(said.contains("dwon_proj"), said);
      assertTrue(
          warnedWith(with, "--ignore-layers", "embed_tokens,down_proj").contains("embed_tokens"));
      assertEquals("", warnedWith(with, "--ignore-layers", "down_proj,,"));
      assertEquals("", warnedWith(with, "--layer-config", "{\"down_proj\": {\"bits\": 8}}"));
      said = refusedWith(with, "--layer-config", "{\"(.*o+)+!\": {\"bits\": 8}}");
      assertTrue(said.contains("(.*o+)+!"), said);
    }
  }

  private String refusedWith(List<Object> first, Object... more) {
    List<Object> all = new ArrayList<>(first);
    all.addAll(List.of(more));
    return refused(1, all.toArray());
  }

  private String warnedWith(List<Object> first, Object... more) {
    List<Object> all = new ArrayList<>(first);
    all.addAll(List.of(more));
    return warned(all.toArray());
  }

  @Test
  void aPackingMayBeNamedBehindAFormat() {
    assertFalse(warned("--format", "auto_round:auto_gptq,auto_round").contains("warning"));
    Path out = scratch.resolve("out");
    assertEquals("auto_round:auto_gptq", packing(out.resolve("auto_round-auto_gptq")));
    assertEquals("auto_round:auto_gptq", packing(out.resolve("auto_round")));
    for (String asym : List.of("--sym", "--asym")) {
      assertFalse(
          warned(asym, "--bits", 8, "--format", "auto_round:gptqmodel").contains("warning"));
      assertEquals("auto_round:gptqmodel", packing(out));
    }
    assertFalse(
        warned("--asym", "--bits", 4, "--format", "auto_round:auto_awq").contains("warning"));
    assertEquals("auto_round:auto_awq", packing(out));
    assertTrue(
        refused(1, "--bits", 8, "--format", "auto_round:auto_awq").contains("auto_round:auto_awq"));
    assertTrue(refused(2, "--format", "auto_round:marlin").contains("does not write"));
  }

  private static Object packing(Path folder) {
    return ((Map<?, ?>) Json.readObject(folder.resolve("config.json")).get("quantization_config"))
        .get("packing_format");
  }

  private static String generated(Object... more) {
    List<Object> line = new ArrayList<>(List.of("generate", "--model", "demo", "--prompt", "A"));
    line.addAll(List.of("--max-tokens", 1, "--json"));
    line.addAll(List.of(more));
    return CommandRun.succeed(line.toArray()).err();
  }

  @Test
  void whatDecidesNothingAboutCertainTokensIsSaid() {
    String said = generated("--temperature", 0, "--top-p", 0.5, "--seed", 3);
    assertTrue(said.contains("--top-p, --seed have no effect with --temperature 0"), said);
  }

  @Test
  void roundedActivationsOfAFloatModelAreSaid() {
    String said = generated("--activations", "int8");
    assertTrue(said.contains("--activations int8 has no effect"), said);
  }

  @Test
  void windowsAreNoLongerThanTheContext() throws IOException {
    Path text = Files.writeString(scratch.resolve("t.txt"), "The king saw a bird. ".repeat(400));
    CommandRun run = CommandRun.succeed("eval", "demo", "--dataset", text, "--limit", 1, "--json");
    assertEquals(512L, run.json().get("seqlen"));
    assertTrue(run.err().contains("at most 512 tokens"), run.err());
  }

  @Test
  void everyDataSetOfAnEvaluationIsMeasuredAndItsOptionsObeyed() throws IOException {
    Path a = Files.writeString(scratch.resolve("a.txt"), "The king saw a bird. ".repeat(40));
    Path b = Files.writeString(scratch.resolve("b.txt"), "Ada had nine bricks. ".repeat(40));
    String both = a + ":num=2," + b + ":concat";
    CommandRun run =
        CommandRun.succeed(
            "eval", "demo", "--dataset", both, "--seqlen", 16, "--limit", 3, "--json");
    List<?> results = (List<?>) run.json().get("results");
    Map<?, ?> first = (Map<?, ?>) results.get(0);
    Map<?, ?> second = (Map<?, ?>) results.get(1);
    assertEquals(a.toString(), first.get("dataset"));
    assertEquals(2L, first.get("windows"));
    assertEquals(first.get("perplexity"), run.json().get("perplexity"));
    assertEquals(3L, second.get("windows"));
    assertNotEquals(first.get("perplexity"), second.get("perplexity"));
    assertTrue(run.err().contains("concat has no effect"), run.err());
    String said =
        CommandRun.refused("eval", "demo", "--seqlen", 16, "--dataset", a + ":apply_chat_template");
    assertTrue(said.contains("apply_chat_template"), said);
    String table = CommandRun.succeed("eval", "demo", "--dataset", both, "--seqlen", 16).out();
    assertEquals(3, table.lines().count(), table);
  }

  @Test
  void conversationsAreCalibratedOnByTheTemplate() throws IOException {
    Path model = scratch.resolve("chatty");
    Files.createDirectories(model);
    for (String name :
        List.of("config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors")) {
      Files.copy(Path.of("../demo", name), model.resolve(name));
    }
    StringBuilder chats = new StringBuilder();
    for (int i = 0; i < 6; i++) {
      String text = "word ".repeat(20 + i);
      chats.append("{\"id\":1,\"messages\":[{\"role\":\"user\",\"content\":\"" + text + "\"}]}\n");
    }
    Path data = Files.writeString(scratch.resolve("chat.jsonl"), chats);
    Object[] line = {
      "quantize",
      model,
      "--dataset",
      data + ":apply_chat_template",
      "--nsamples",
      4,
      "--seqlen",
      16,
      "--iters",
      2,
      "--bits",
      4,
      "--group-size",
      32,
      "--output-dir",
      scratch.resolve("o")
    };
    assertTrue(CommandRun.refused(line).contains("no chat template"));
    Files.writeString(
        model.resolve("chat_template.jinja"),
        "{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('no') }}{% endif %}"
            + "{{ m.content }}{% endfor %}");
    CommandRun.succeed(line);
    line[3] = data.toString();
    line[line.length - 1] = scratch.resolve("p");
    assertTrue(CommandRun.refused(line).contains(":apply_chat_template"));
  }

  /** A stream into which nothing can be written. */
  private static final class Full extends OutputStream {
    @Override
    public void write(int b) throws IOException {
      throw new IOException("No space left on device");
    }
  }

  @Test
  void lostOutputIsAFailure() throws IOException {
    Path text = Files.writeString(scratch.resolve("t.txt"), "The king saw a bird. ".repeat(40));
    String[][] lines = {
      {"--help"},
      {"quantize", "--help"},
      {"--version"},
      {"inspect", "demo"},
      {"inspect", "demo", "--json"},
      {"generate", "--model", "demo", "--prompt", "A", "--max-tokens", "400"},
      {"eval", "--model", "demo", "--dataset", text.toString(), "--seqlen", "16", "--limit", "1"},
    };
    for (String[] line : lines) {
      ByteArrayOutputStream err = new ByteArrayOutputStream();
      PrintStream full = new PrintStream(new Full(), false, StandardCharsets.UTF_8);
      Console console =
          new Console(full, new PrintStream(err, true, StandardCharsets.UTF_8), false);
      assertEquals(1, new Ashlar(console).run(line), String.join(" ", line));
      String said = err.toString(StandardCharsets.UTF_8);
      assertEquals("ashlar: standard output cannot be written\n", said);
    }
  }

  @Test
  void linesOfJsonAreReadByAnyNameForThem() {
    Path folder = FIELD.resolve("10-jsonl-in-capitals");
    Assumptions.assumeTrue(Files.isDirectory(folder), "no shared material");
    for (String name : List.of("docs.jsonl", "docs.JSONL", "docs.ndjson")) {
      CommandRun run =
          CommandRun.succeed(
              "eval",
              "--model",
              folder.resolve("model"),
              "--dataset",
              folder.resolve(name),
              "--seqlen",
              32,
              "--json");
      // The peer's figure for the documents, not for their syntax.
      assertEquals(79.450, (Double) run.json().get("perplexity"), 5e-4, name);
    }
  }
}

package dev.ashlar.cli.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.cli.console.Console;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a person at the terminal meets: help, one-sentence faults, exit statuses. */
class AshlarTest {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @TempDir Path folder;

  private int run(String... args) {
    out.reset();
    err.reset();
    Console console =
        new Console(
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            false);
    return new Ashlar(console).run(args);
  }

  /** One line on standard error that begins with the program's name, nothing on standard output. */
  private String fault(int status, String... args) {
    assertEquals(status, run(args), err.toString(StandardCharsets.UTF_8));
    String text = err.toString(StandardCharsets.UTF_8);
    assertEquals(1, text.lines().count(), text);
    assertTrue(text.startsWith("ashlar: "), text);
    assertFalse(text.contains("Exception"), text);
    assertEquals(0, out.size());
    return text;
  }

  @Test
  void everyCommandHasHelpWithExamples() {
    List<String> commands =
        List.of(
            "quantize",
            "eval",
            "generate",
            "inspect",
            "convert",
            "train-demo",
            "bench",
            "doctor",
            "list",
            "help",
            "chat");
    for (String command : commands) {
      assertEquals(0, run(command, "--help"));
      String help = out.toString(StandardCharsets.UTF_8);
      assertTrue(help.contains("Examples:") && help.contains("ashlar " + command), help);
    }
  }

  @Test
  void aMisspeltOptionIsAnsweredWithTheNearestOne() {
    assertTrue(fault(2, "quantize", "--bitz", "4").contains("--bits"));
    assertTrue(fault(2, "quantise").contains("quantize"));
  }

  @Test
  void wrongValuesAreWrongUsage() {
    fault(2, "quantize", "--bits", "9");
    fault(2, "quantize", "--group-size", "0");
    fault(2, "quantize", "--method", "magic");
    fault(2, "quantize", "--format", "zip");
    fault(2, "eval", "--model", "m", "--dataset", "d", "--tasks", "sudoku");
    fault(2, "generate", "--model", "m", "--prompt", "p", "--max-tokens", "0");
    fault(2, "generate", "--model", "m", "--prompt", "p", "--activations", "int7");
    fault(2, "generate", "--model", "m", "--prompt", "p", "--head", "int7");
  }

  @Test
  void numbersThatAreNoneAreSaidWithoutJavasWords() {
    String seed = fault(2, "quantize", "--seed", "99999999999999999999");
    assertTrue(seed.contains("is not a whole number up to 9223372036854775807;"), seed);
    String bits = fault(2, "quantize", "--bits", "99999999999");
    assertTrue(bits.contains("is not a whole number up to 2147483647;"), bits);
    String heat = fault(2, "generate", "--model", "m", "--prompt", "p", "--temperature", "warm");
    assertTrue(heat.contains("'warm' is not a number;"), heat);
  }

  @Test
  void underscoresAreDashes() throws Exception {
    Path text = Files.writeString(folder.resolve("t.txt"), "some text");
    String model = folder.resolve("none").toString();
    String dashes = fault(1, "eval", "--model", model, "--dataset", text.toString());
    assertTrue(dashes.contains("no such file"), dashes);
    fault(1, "quantize", "--model", model, "--group_size", "64", "--method", "rtn");
  }

  @Test
  void calibrationFaultsNameFileAndLineBeforeAnyModelIsRead() throws Exception {
    String model = folder.resolve("none").toString();
    Path empty = Files.writeString(folder.resolve("empty.jsonl"), "");
    Path lacks =
        Files.writeString(folder.resolve("a.jsonl"), "{\"text\":\"x\"}\n{\"id\":1,\"n\":2}\n");
    Path list = Files.writeString(folder.resolve("b.jsonl"), "{\"text\":[1]}\n");
    Path bytes = folder.resolve("c.jsonl");
    Files.write(bytes, new byte[] {'"', 'a', '"', '\n', '"', (byte) 0xFF, '"', '\n'});
    for (Path p : List.of(empty, lacks, list, bytes)) {
      String said = fault(1, "quantize", "--model", model, "--dataset", p.toString());
      assertTrue(said.contains(p.getFileName().toString()), said);
    }
    assertTrue(
        fault(1, "quantize", "--model", model, "--dataset", lacks.toString()).contains("line 2"));
    assertTrue(
        fault(1, "quantize", "--model", model, "--dataset", bytes.toString()).contains("line 2"));
  }

  @Test
  void aFolderWithSomethingInItIsNotOverwritten() throws Exception {
    Path full = Files.createDirectories(folder.resolve("full"));
    Files.writeString(full.resolve("precious.txt"), "mine");
    fault(1, "convert", "--model", folder.toString(), "--output-dir", full.toString());
    assertEquals("mine", Files.readString(full.resolve("precious.txt")));
  }
}

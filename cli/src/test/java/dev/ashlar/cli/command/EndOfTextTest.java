package dev.ashlar.cli.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where texts end, as the files of a model say it. */
class EndOfTextTest {
  private static final String GENERATION = "generation_config.json";

  @TempDir Path scratch;
  private Path model;

  @BeforeEach
  void model() throws IOException {
    model = FixtureFolders.llamaWithWords(scratch.resolve("model"));
  }

  private void says(String settings) throws IOException {
    Files.writeString(model.resolve(GENERATION), settings);
  }

  private CommandRun generate(Object... more) {
    Object[] words = {"generate", model, "--prompt", "w5 w6", "--temperature", 0, "--json"};
    return CommandRun.succeed(Stream.concat(Stream.of(words), Stream.of(more)).toArray());
  }

  private static List<String> words(CommandRun run) {
    return List.of(run.json().get("text").toString().strip().split(" "));
  }

  @Test
  void limitsAreTheFilesUnlessTheCommandSays() throws IOException {
    long all = (Long) generate().json().get("tokens");
    assertTrue(all > 20, "a model that ends by itself shows nothing: " + all);
    says("{\"max_new_tokens\": 9, \"max_length\": 4}");
    assertEquals(9L, generate().json().get("tokens"));
    assertEquals(11L, generate("--max-tokens", 11).json().get("tokens"));
    says("{\"max_length\": 7}");
    CommandRun run = generate();
    assertEquals(7L, (Long) run.json().get("tokens") + (Long) run.json().get("promptTokens"));
    assertEquals("limit", run.json().get("end"));
    assertEquals(8L, generate("--max-tokens", 8).json().get("tokens"));
    says("{\"max_length\": 2}");
    String said = CommandRun.refused("generate", model, "--prompt", "w5 w6");
    assertTrue(said.contains(GENERATION + ": max_length is 2"), said);
    assertEquals(8L, generate("--max-tokens", 8).json().get("tokens"));
  }

  @Test
  void aTextEndsBeforeAStopString() throws IOException {
    List<String> free = words(generate("--max-tokens", 12));
    String stop = free.get(4) + " " + free.get(5);
    int at = String.join(" ", free).indexOf(stop);
    says("{\"stop_strings\": [\"nothing like it\", \"" + stop + "\"]}");
    CommandRun run = generate("--max-tokens", 12);
    assertEquals("stop_string", run.json().get("end"));
    assertEquals(
        String.join(" ", free).substring(0, at).strip(), String.join(" ", words(run)).strip());
    says("{\"stop_strings\": \"" + stop + "\"}");
    assertEquals(run.json().get("text"), generate("--max-tokens", 12).json().get("text"));
  }

  @Test
  void whatIsNoLimitAndNoTextIsSaid() throws IOException {
    says("{\"max_new_tokens\": \"9\", \"max_length\": -1, \"stop_strings\": [\"\", 7]}");
    List<String> said = CommandRun.warnings(() -> generate());
    for (String value :
        List.of("max_new_tokens is the string \"9\"", "max_length is the number -1", "number 7")) {
      assertEquals(1, said.stream().filter(l -> l.contains(value)).count(), value + ": " + said);
    }
  }

  /** Nothing is believed or left out without a word. */
  @Test
  void whatIsNoTokenIsSaid() throws IOException {
    says("{\"eos_token_id\": [\"w9\", -1, null, 8, \"nothing\", \"7\", 2.5, true, 300]}");
    List<String> said = CommandRun.warnings(() -> generate());
    for (String value :
        List.of(
            "\"nothing\", no token", "\"7\"; it is taken", "2.5, no id", "true", "300, no id")) {
      assertEquals(1, said.stream().filter(l -> l.contains(value)).count(), value + ": " + said);
    }
    assertEquals(
        5, said.stream().filter(l -> l.contains(GENERATION + ": eos_token_id")).count(), "" + said);
  }
}

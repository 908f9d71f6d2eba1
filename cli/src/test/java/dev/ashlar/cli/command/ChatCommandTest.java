package dev.ashlar.cli.command;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.io.json.Json;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whole conversations with the bundled model, typed into a pipe. */
class ChatCommandTest {
  private static final Path DEMO = Path.of("../demo");

  @TempDir Path scratch;
  private Path template;

  @BeforeEach
  void writeTemplate() throws IOException {
    template = scratch.resolve("template.jinja");
    Files.writeString(
        template,
        "{% for m in messages %}{% if m.role == 'tool' %}{{ raise_exception('no tools') }}"
            + "{% endif %}{{ m.content }}{{ eos_token }}{% endfor %}{{ more }}");
  }

  private CommandRun chat(String typed, Object... more) {
    List<Object> args = new ArrayList<>(List.of("chat", "--model", DEMO));
    args.addAll(List.of(more));
    InputStream before = System.in;
    System.setIn(new ByteArrayInputStream(typed.getBytes(StandardCharsets.UTF_8)));
    try {
      return CommandRun.of(args.toArray());
    } finally {
      System.setIn(before);
    }
  }

  private CommandRun withTemplate(String typed, Object... more) {
    List<Object> args = new ArrayList<>(List.of("--chat-template", template, "--max-tokens", 6));
    args.addAll(List.of(more));
    return chat(typed, args.toArray());
  }

  private static List<?> turns(CommandRun run) {
    return (List<?>) run.json().get("turns");
  }

  private static long number(Object turn, String key) {
    return (Long) ((Map<?, ?>) turn).get(key);
  }

  @Test
  void aModelWithoutTemplateIsRefusedInOneSentence() {
    CommandRun o = chat("hello\n");
    assertEquals(1, o.status());
    assertEquals(1, o.err().lines().count(), o.err());
    assertTrue(o.err().contains("has no chat template"), o.err());
    assertTrue(o.err().contains("ashlar generate"), o.err());
  }

  @Test
  void everyLineIsAnsweredAndOnlyWhatIsNewIsRead() {
    CommandRun o = withTemplate("the king saw a bird\n\nand then\n", "--json", "--temperature", 0);
    assertEquals(0, o.status(), o.err());
    assertEquals("", o.err());
    assertEquals(2, turns(o).size());
    Object first = turns(o).get(0);
    Object second = turns(o).get(1);
    assertEquals(number(first, "promptTokens"), number(first, "promptTokensComputed"));
    // The cache holds the first turn; the last token of its answer was not read yet.
    long kept = number(second, "promptTokens") - number(second, "promptTokensComputed");
    long before = number(first, "promptTokens") + number(first, "tokens");
    assertTrue(kept >= before - 1, kept + " of " + before);
    assertEquals("and then", ((Map<?, ?>) second).get("user"));
  }

  @Test
  void theSameSeedGivesTheSameConversation() {
    String typed = "the king\nthe queen\n";
    assertEquals(
        withTemplate(typed, "--temperature", 0.8, "--seed", 7).out(),
        withTemplate(typed, "--temperature", 0.8, "--seed", 7).out());
  }

  @Test
  void answersGoToStandardOutputAndFiguresBesideIt() {
    CommandRun o = withTemplate("the king\n", "--temperature", 0);
    assertEquals(0, o.status(), o.err());
    assertTrue(o.out().endsWith("\n"));
    assertFalse(o.out().contains("tokens"), o.out());
    assertTrue(o.err().matches("(?s).*prompt tokens at .*/s, \\d+ generated.*"), o.err());
  }

  @Test
  void commandsAreObeyed() throws IOException {
    Path file = scratch.resolve("saved.json");
    String typed =
        "/help\n/system Be brief.\nthe \\\nking\n/save " + file + "\n/clear\n/exit\nnot read\n";
    CommandRun o = withTemplate(typed, "--temperature", 0);
    assertEquals(0, o.status(), o.err());
    assertTrue(o.err().contains("/clear"), o.err());
    Map<String, Object> saved = Json.readObject(file);
    List<?> messages = (List<?>) saved.get("messages");
    assertEquals(3, messages.size());
    assertEquals(Map.of("role", "system", "content", "Be brief."), messages.get(0));
    assertEquals(Map.of("role", "user", "content", "the \nking"), messages.get(1));
  }

  @Test
  void savingReplacesOnlyWhatTheSessionWrote() throws IOException {
    Path file = scratch.resolve("mine.json");
    String again = "the king\n/save " + file + "\nthe queen\n/save " + file + "\n";
    CommandRun o = withTemplate(again, "--temperature", 0);
    assertEquals(0, o.status(), o.err());
    assertEquals(4, ((List<?>) Json.readObject(file).get("messages")).size());

    // In another session it is somebody's file.
    byte[] before = Files.readAllBytes(file);
    Files.writeString(scratch.resolve("mine-2.json"), "{}");
    o = withTemplate("the king\n/save " + file + "\n", "--temperature", 0);
    assertRefused(o, scratch.resolve("mine-3.json"));
    assertArrayEquals(before, Files.readAllBytes(file));

    // So are folders and links, wherever they lead.
    Path link = Files.createSymbolicLink(scratch.resolve("link"), scratch.resolve("nowhere"));
    for (Path other : List.of(Files.createDirectory(scratch.resolve("folder")), link)) {
      o = withTemplate("the king\n/save " + other + "\n", "--temperature", 0);
      assertRefused(o, Path.of(other + "-2"));
    }
    assertTrue(Files.isSymbolicLink(link));
    assertFalse(Files.exists(scratch.resolve("nowhere")));
  }

  private static void assertRefused(CommandRun o, Path free) {
    assertEquals(1, o.status());
    String said = o.err().lines().toList().getLast();
    assertTrue(said.contains("exists already") && said.endsWith("/save " + free), said);
  }

  @Test
  void variablesReachTheTemplate() {
    CommandRun plain = withTemplate("the king\n", "--json");
    CommandRun more =
        withTemplate("the king\n", "--json", "--variable", "more=the king saw a bird");
    assertTrue(
        number(turns(more).getFirst(), "promptTokens")
            > number(turns(plain).getFirst(), "promptTokens"));
  }

  @Test
  void whatTheTemplateHasNoPlaceForIsSaid() throws IOException {
    String said = withTemplate("the king\n", "--variable", "les=1", "--system", "Be brief.").err();
    assertTrue(said.contains("--variable les has no effect"), said);
    assertFalse(said.contains("--system"), said);
    Files.writeString(template, "{{ messages[-1].content }}");
    said = withTemplate("the king\n", "--system", "Be brief.").err();
    assertTrue(said.contains("--system has no effect"), said);
  }

  @Test
  void anAnswerEndsWhereTheContextDoesUnlessMoreIsAskedFor() {
    String typed = "and ".repeat(500) + "\n";
    Object[] line = {"--json", "--temperature", 0, "--max-tokens", 40};
    CommandRun o = withTemplate(typed, line);
    assertEquals(0, o.status(), o.err());
    assertEquals("context", ((Map<?, ?>) turns(o).getFirst()).get("end"));
    Object[] more = {"--json", "--temperature", 0, "--max-tokens", 40, "--beyond-context"};
    assertEquals(40, number(turns(withTemplate(typed, more)).getFirst(), "tokens"));
  }

  @Test
  void faultsInAPipeEndIt() throws IOException {
    assertOneSentence(withTemplate("/frob\nnot read\n"), "no command /frob");
    assertOneSentence(withTemplate("/save\n"), "needs the name of a file");
    assertOneSentence(withTemplate("the king ".repeat(600) + "\n"), "tokens and the model takes");
    Files.writeString(template, "{{ raise_exception('not today') }}");
    assertOneSentence(withTemplate("the king\n"), "refuses this conversation: not today");
    Files.writeString(template, "\n{% frob %}");
    assertOneSentence(withTemplate("the king\n"), "line 2, cannot be read");
    Files.delete(template);
    assertOneSentence(withTemplate("the king\n"), "no such file");
    assertEquals(2, withTemplate("", "--max-tokens", 0).status());
    assertEquals(2, withTemplate("", "--top-p", 2).status());
  }

  private static void assertOneSentence(CommandRun o, String part) {
    assertEquals(1, o.status(), o.err());
    assertEquals(1, o.err().lines().count(), o.err());
    assertTrue(o.err().contains(part), o.err());
    assertFalse(o.err().contains("bug in Ashlar"), o.err());
  }
}

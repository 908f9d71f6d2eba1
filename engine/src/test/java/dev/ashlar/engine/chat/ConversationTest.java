package dev.ashlar.engine.chat;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.engine.LanguageModel;
import dev.ashlar.engine.job.Cancellation;
import dev.ashlar.io.AshlarException;
import dev.ashlar.io.InputException;
import dev.ashlar.nn.generate.Generator;
import dev.ashlar.text.chat.ChatTemplate;
import dev.ashlar.text.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What a conversation asks of a model, told by a model that says what it is told to say. */
class ConversationTest {
  private static final String TEMPLATE =
      "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}";

  private static Tokenizer tokenizer;

  private final List<int[]> prompts = new ArrayList<>();

  @BeforeAll
  static void tokenizer() {
    try (LanguageModel demo = LanguageModel.open("demo")) {
      tokenizer = demo.tokenizer();
    }
  }

  /** A conversation with a model that always gives this answer. */
  private Conversation with(String answer, int contextLength, String template) {
    Continuation parrot =
        (prompt, limit, listener, cancelled) -> {
          prompts.add(prompt);
          List<Integer> said = new ArrayList<>();
          for (int id : tokenizer.encode(answer)) {
            if (said.size() == limit) {
              return new Generator.Result(said, Generator.End.LIMIT, prompt.length, 1, 1);
            }
            if (cancelled.getAsBoolean()) {
              return new Generator.Result(said, Generator.End.LISTENER, prompt.length, 1, 1);
            }
            said.add(id);
            if (!listener.test(id)) {
              return new Generator.Result(said, Generator.End.LISTENER, prompt.length, 1, 1);
            }
          }
          return new Generator.Result(said, Generator.End.STOP_TOKEN, prompt.length, 1, 1);
        };
    return new Conversation(
        ChatTemplate.of(template, Map.of(), "test"),
        tokenizer,
        parrot,
        contextLength,
        promptTokens -> 100,
        List.of(" And"),
        Map.of());
  }

  @Test
  void answersBecomePartOfTheNextPrompt() {
    Conversation chat = with("Seven.", 500, TEMPLATE);
    chat.system("Count.");
    StringBuilder heard = new StringBuilder();
    assertEquals("Seven.", chat.ask("How many?", heard::append).text());
    assertEquals("Seven.", heard.toString());
    chat.ask("Again?");
    assertArrayEquals(
        tokenizer.encode("system: Count.\nuser: How many?\nassistant: Seven.\nuser: Again?\n"),
        prompts.getLast());
    assertEquals(5, chat.messages().size());
    chat.clear();
    assertEquals(1, chat.messages().size());
  }

  @Test
  void whatDoesNotFitIsRefusedAndForgotten() {
    Conversation chat = with("Seven.", 12, TEMPLATE);
    assertThrows(InputException.class, () -> chat.ask("word ".repeat(20)));
    assertEquals(List.of(), chat.messages());
    Conversation tight = with("A very long answer indeed, too long.", 12, TEMPLATE);
    assertTrue(tight.ask("Hi").contextFull());
  }

  @Test
  void aLimitOfTokensIsKept() {
    Conversation.Answer answer =
        with("A very long answer indeed.", 500, TEMPLATE)
            .ask("Hi", 2, new Cancellation(), piece -> {});
    assertEquals(2, answer.result().tokens().size());
    assertEquals(Generator.End.LIMIT, answer.result().end());
    assertFalse(answer.contextFull());
  }

  /** The answer is what stands before it, in the next prompt too. */
  @Test
  void anAnswerEndsBeforeAStopString() {
    Conversation chat = with("Seven. And a half.", 500, TEMPLATE);
    StringBuilder heard = new StringBuilder();
    Conversation.Answer answer = chat.ask("How many?", heard::append);
    assertEquals("Seven.", answer.text());
    assertEquals("Seven.", heard.toString());
    assertEquals(Generator.End.STOP_STRING, answer.result().end());
    chat.ask("Again?");
    assertArrayEquals(
        tokenizer.encode("user: How many?\nassistant: Seven.\nuser: Again?\n"), prompts.getLast());
    assertEquals("Seven. An", with("Seven. An", 500, TEMPLATE).ask("How many?").text());
  }

  @Test
  void whatIsCancelledBeforeItBeginsLeavesNothing() {
    Conversation chat = with("Seven.", 500, TEMPLATE);
    Cancellation cancelled = new Cancellation();
    cancelled.cancel();
    assertEquals("", chat.ask("How many?", 100, cancelled, piece -> {}).text());
    assertEquals(List.of(), chat.messages());
    Cancellation later = new Cancellation();
    Conversation.Answer part = chat.ask("How many?", 100, later, piece -> later.cancel());
    assertFalse(part.text().isEmpty());
    assertEquals(2, chat.messages().size());
  }

  @Test
  void aTemplateThatRefusesLeavesNothing() {
    Conversation chat = with("x", 500, "{{ raise_exception('not today') }}");
    assertThrows(AshlarException.class, () -> chat.ask("Hello"));
    assertEquals(List.of(), chat.messages());
  }
}

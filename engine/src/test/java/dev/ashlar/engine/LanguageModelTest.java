package dev.ashlar.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.engine.chat.Conversation;
import dev.ashlar.engine.job.Cancellation;
import dev.ashlar.io.AshlarException;
import dev.ashlar.io.InputException;
import dev.ashlar.io.json.JsonWriter;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.BlockContext;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.nn.generate.Generator;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tuning.Methods;
import dev.ashlar.tuning.quality.Perplexity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An open model does what its parts do when they are put together by hand. */
class LanguageModelTest {
  private static final String PROMPT = "The";
  private static final GenerationOptions SHORT = GenerationOptions.greedy().withMaxTokens(12);
  private static final String ECHO = "{{ messages[-1].content }}";

  private static LanguageModel demo;

  @BeforeAll
  static void open() {
    demo = LanguageModel.open("demo");
  }

  @AfterAll
  static void close() {
    demo.close();
  }

  @Test
  void generatesWhatAGeneratorDoes() {
    Generated generated = demo.generate(PROMPT, SHORT);
    Decoder decoder = Architectures.load(model());
    Tape tape = Tape.off();
    List<Integer> ids = new ArrayList<>();
    for (int id : demo.tokenizer().encode(PROMPT, true)) {
      ids.add(id);
    }
    List<Integer> expected = new ArrayList<>();
    while (expected.size() < SHORT.maxTokens()) {
      int[] all = ids.stream().mapToInt(Integer::intValue).toArray();
      Tensor logits = decoder.forward(all, BlockContext.of(1, all.length), tape);
      int best = largest(logits, all.length - 1);
      expected.add(best);
      ids.add(best);
    }
    assertEquals(expected, generated.tokens());
    assertEquals(
        demo.decode(expected.stream().mapToInt(Integer::intValue).toArray()), generated.text());
    assertEquals(Generator.End.LIMIT, generated.end());
  }

  private static int largest(Tensor logits, int row) {
    int vocab = logits.dim(-1);
    int best = 0;
    for (int i = 1; i < vocab; i++) {
      best = logits.data()[row * vocab + i] > logits.data()[row * vocab + best] ? i : best;
    }
    return best;
  }

  private static dev.ashlar.formats.checkpoint.Checkpoint model() {
    return dev.ashlar.formats.Checkpoints.open(demo.path());
  }

  @Test
  void listenersAndStreamsGetTheSameText() {
    GenerationOptions drawn = SHORT.withTemperature(0.8).withSeed(7);
    StringBuilder heard = new StringBuilder();
    Generated generated = demo.generate(PROMPT, drawn, heard::append);
    assertEquals(generated.text(), heard.toString());
    assertEquals(generated.text(), String.join("", demo.stream(PROMPT, drawn).toList()));
    assertNotEquals(generated.text(), demo.generate(PROMPT, drawn.withSeed(8)).text());
  }

  @Test
  void aStreamComputesOnlyWhatIsRead() {
    Cancellation cancellation = new Cancellation();
    Iterator<String> pieces =
        demo.stream(PROMPT, SHORT.withMaxTokens(1000).cancelledBy(cancellation)).iterator();
    assertFalse(pieces.next().isEmpty());
    cancellation.cancel();
    assertFalse(pieces.hasNext());
  }

  @Test
  void anotherThreadMayEndIt() throws InterruptedException {
    Cancellation cancellation = new Cancellation();
    Thread other = new Thread(cancellation::cancel);
    List<String> pieces = new ArrayList<>();
    Generated generated =
        demo.generate(
            PROMPT,
            SHORT.withMaxTokens(500).cancelledBy(cancellation),
            piece -> {
              pieces.add(piece);
              if (pieces.size() == 3) {
                other.start();
                joined(other);
              }
            });
    assertEquals(3, generated.tokens().size());
    assertNotEquals(Generator.End.LIMIT, generated.end());
  }

  private static void joined(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void chatsByAGivenTemplate() {
    Conversation chat = demo.chat(ChatOptions.defaults().withTemplate(ECHO).with(SHORT));
    assertEquals(demo.generate(PROMPT, SHORT).text(), chat.ask(PROMPT).text());
    assertEquals(2, chat.messages().size());
    assertThrows(InputException.class, () -> demo.chat());
  }

  @Test
  void embedsAsTheMeanOfHiddenStates() {
    EmbeddingOptions plain = EmbeddingOptions.defaults().unscaled();
    String text = "The king has a horse.";
    int[] ids = demo.tokenizer().encode(text, true);
    Decoder decoder = Architectures.load(model());
    Tape tape = Tape.off();
    Tensor hidden =
        decoder.finalNorm(decoder.hidden(ids, BlockContext.of(1, ids.length), tape), tape);
    int dim = hidden.dim(-1);
    float[] mean = demo.embed(List.of(text), plain).getFirst();
    float[] last = demo.embed(List.of(text), plain.with(EmbeddingOptions.Pooling.LAST)).getFirst();
    assertEquals(dim, mean.length);
    for (int i = 0; i < dim; i++) {
      double sum = 0;
      for (int t = 0; t < ids.length; t++) {
        sum += hidden.data()[t * dim + i];
      }
      assertEquals(sum / ids.length, mean[i], 1e-5);
      assertEquals(hidden.data()[(ids.length - 1) * dim + i], last[i], 1e-5);
    }
    double length = 0;
    for (float x : demo.embed(text)) {
      length += (double) x * x;
    }
    assertEquals(1, length, 1e-5);
  }

  private static void requireSameAlone(LanguageModel model, EmbeddingOptions how) {
    List<String> texts = new ArrayList<>();
    for (int n = 1; n < 40; n++) {
      texts.add("The king has " + n + " horses. ".repeat(n % 13));
    }
    List<float[]> all = model.embed(texts, how);
    for (int i = 0; i < texts.size(); i++) {
      assertArrayEquals(
          model.embed(List.of(texts.get(i)), how).getFirst(), all.get(i), texts.get(i));
    }
  }

  @Test
  void embeddingsOfABatchAreThoseOfEachText() {
    requireSameAlone(demo, EmbeddingOptions.defaults());
    requireSameAlone(demo, EmbeddingOptions.defaults().with(EmbeddingOptions.Pooling.LAST));
    IntegerGrid grid = new IntegerGrid(4, 32, true);
    try (LanguageModel packed = demo.prepare(grid, Methods.BASELINE).convert()) {
      requireSameAlone(packed, EmbeddingOptions.defaults());
    }
    assertThrows(
        InputException.class,
        () -> demo.embed(List.of("ok. ".repeat(3000)), EmbeddingOptions.defaults()));
  }

  @Test
  void evaluatesByTheProtocol() {
    String text = demo.generate(PROMPT, SHORT.withMaxTokens(60)).text();
    int[] ids = demo.encode(text);
    Perplexity expected =
        Perplexity.of(Architectures.load(model()), ids, 16, 2, (done, all, value) -> {});
    Perplexity found = demo.evaluate(text, 16, 2);
    assertEquals(expected.value(), found.value());
    assertEquals(2, found.windows());
    assertThrows(InputException.class, () -> demo.evaluate("short", 512, 0));
  }

  @Test
  void threadsAndBackendsAreSetByOptions() {
    String text = demo.generate(PROMPT, SHORT).text();
    ModelOptions one = ModelOptions.defaults().withThreads(1);
    try (LanguageModel model = LanguageModel.open("demo", one)) {
      assertEquals(text, model.generate(PROMPT, SHORT).text());
    }
    ModelOptions naive = ModelOptions.defaults().withBackend("reference");
    try (LanguageModel model = LanguageModel.open("demo", naive)) {
      assertEquals(
          demo.generate(PROMPT, SHORT.withMaxTokens(2)).text(),
          model.generate(PROMPT, SHORT.withMaxTokens(2)).text());
    }
    ModelOptions none = ModelOptions.defaults().withBackend("abacus");
    try (LanguageModel model = LanguageModel.open("demo", none)) {
      assertThrows(IllegalArgumentException.class, () -> model.generate(PROMPT, SHORT));
    }
    assertThrows(IllegalArgumentException.class, () -> ModelOptions.defaults().withThreads(0));
  }

  @Test
  void aTextEndsWhereTheContextDoesUnlessMoreIsAskedFor() {
    int context = demo.contextLength();
    String prompt = "and ".repeat(context - 4);
    int length = demo.tokenizer().encode(prompt, true).length;
    assertTrue(length < context && length > context - 8, length + " tokens");
    GenerationOptions how = GenerationOptions.greedy().withMaxTokens(20);
    Generated full = demo.generate(prompt, how);
    assertEquals(Generator.End.CONTEXT, full.end());
    assertEquals(context, full.promptTokens() + full.tokens().size());
    assertEquals(full.text(), String.join("", demo.stream(prompt, how).toList()));
    Generated beyond = demo.generate(prompt, how.beyondTheContext());
    assertEquals(20, beyond.tokens().size());
    assertEquals(full.tokens(), beyond.tokens().subList(0, full.tokens().size()));
    assertThrows(InputException.class, () -> demo.generate(prompt.repeat(2), how));
    assertThrows(InputException.class, () -> demo.stream(prompt.repeat(2), how));
    Conversation chat = demo.chat(ChatOptions.defaults().withTemplate(ECHO).with(how));
    Conversation.Answer answer = chat.ask(prompt);
    assertEquals(Generator.End.CONTEXT, answer.result().end());
    assertTrue(answer.contextFull());
    int[] ids = demo.encode(prompt.repeat(3));
    assertThrows(InputException.class, () -> demo.evaluate(ids, context + 1, 0, (d, a, v) -> {}));
  }

  @Test
  void learnedPositionsHaveNoBeyond() {
    // Without a tokenizer nothing can be generated: the refusal comes first.
    Path gpt2 = Path.of("../nn/src/test/resources/models/gpt2_scale_by_layer");
    try (dev.ashlar.engine.model.Model model = dev.ashlar.engine.model.Model.open(gpt2)) {
      GenerationOptions how = SHORT.beyondTheContext();
      InputException e = assertThrows(InputException.class, () -> Prompts.context(model, how));
      assertTrue(e.getMessage().contains("learned a position"), e.getMessage());
      assertEquals(model.contextLength(), Prompts.context(model, SHORT));
    }
  }

  @Test
  void everyFileThatNamesAnEndIsHeeded(@TempDir Path folder) throws IOException {
    List<Integer> free = demo.generate(PROMPT, SHORT).tokens();
    int at = 3;
    int token = free.get(at);
    assertEquals(at, free.indexOf(token));
    String config = Files.readString(demo.path().resolve("config.json"));
    Path generation = Path.of("generation_config.json");
    List<Map<Path, String>> cases =
        List.of(
            Map.of(generation, "{\"eos_token_id\": " + token + "}"),
            Map.of(generation, "{\"eos_token_id\": [0, " + token + "]}"),
            Map.of(generation, "{\"eos_token_id\": \"" + token + "\"}"),
            Map.of(
                generation,
                JsonWriter.pretty(
                    Map.of("eos_token_id", List.of("none", demo.tokenizer().token(token))))),
            Map.of(
                Path.of("config.json"),
                config.replace("\"eos_token_id\": 0", "\"eos_token_id\": [" + token + "]")),
            Map.of(
                Path.of("config.json"),
                config.replaceFirst("\\{", "{\"text_config\": {\"eos_token_id\": " + token + "},")),
            Map.of(
                Path.of("config.json"),
                config.replaceFirst("\\{", "{\"llm_config\": {\"eos_token_id\": " + token + "},")));
    for (int i = 0; i < cases.size(); i++) {
      Path copy = Fixtures.copy(demo.path(), folder.resolve("m" + i));
      for (Map.Entry<Path, String> e : cases.get(i).entrySet()) {
        Files.writeString(copy.resolve(e.getKey()), e.getValue());
      }
      try (LanguageModel model = LanguageModel.open(copy)) {
        Generated stopped = model.generate(PROMPT, SHORT);
        assertEquals(free.subList(0, at), stopped.tokens(), "case " + i);
        assertEquals(Generator.End.STOP_TOKEN, stopped.end());
        assertEquals(stopped.text(), String.join("", model.stream(PROMPT, SHORT).toList()));
        Conversation chat = model.chat(ChatOptions.defaults().withTemplate(ECHO).with(SHORT));
        assertEquals(stopped.text(), chat.ask(PROMPT).text());
      }
    }
  }

  @Test
  void faultsHaveOneSupertype(@TempDir Path folder) {
    assertThrows(AshlarException.class, () -> LanguageModel.open(folder.resolve("none")));
    assertThrows(AshlarException.class, () -> LanguageModel.open(folder));
    assertThrows(
        AshlarException.class, () -> demo.chat(ChatOptions.defaults().withTemplate("{% if %}")));
    Conversation refusing =
        demo.chat(ChatOptions.defaults().withTemplate("{{ raise_exception('never') }}"));
    String sentence = assertThrows(AshlarException.class, () -> refusing.ask("Hello")).getMessage();
    assertTrue(sentence.contains("never"), sentence);
    assertEquals(List.of(), refusing.messages());
  }
}

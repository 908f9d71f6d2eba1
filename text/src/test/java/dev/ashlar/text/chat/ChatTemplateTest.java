package dev.ashlar.text.chat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.io.InputException;
import dev.ashlar.io.json.JsonWriter;
import dev.ashlar.text.TokenizerSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where templates are found, what they are given, and how their faults are told. */
class ChatTemplateTest {
  private static final List<Map<String, String>> HELLO =
      List.of(Map.of("role", "user", "content", "Hello"));
  private static final String SHORT = "{{ bos_token }}{{ messages[0].content }}";

  @TempDir Path folder;

  private void write(String name, Object content) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, content instanceof String s ? s : JsonWriter.pretty(content));
  }

  private Optional<ChatTemplate> open() {
    return ChatTemplate.of(new TokenizerSource.Folder(folder));
  }

  private String hello() {
    return open().orElseThrow().render(HELLO, false);
  }

  @Test
  void thereMayBeNone() throws IOException {
    assertEquals(Optional.empty(), open());
    write("tokenizer_config.json", Map.of("bos_token", "<s>"));
    assertEquals(Optional.empty(), open());
  }

  @Test
  void aFileOfItsOwnWinsOverTheConfiguration() throws IOException {
    write("tokenizer_config.json", Map.of("bos_token", "<s>", "chat_template", SHORT + "1"));
    write("chat_template.json", Map.of("chat_template", SHORT + "2"));
    assertEquals("<s>Hello1", hello());
    write("chat_template.jinja", SHORT + "3");
    assertEquals("<s>Hello3", hello());
  }

  @Test
  void anOlderProcessorHasItInJson() throws IOException {
    write("chat_template.json", Map.of("chat_template", SHORT));
    assertEquals("Hello", hello());
  }

  @Test
  void specialTokensMayBeObjectsAndMayStandInTheOlderFile() throws IOException {
    write("special_tokens_map.json", Map.of("bos_token", "<old>", "unk_token", "<unk>"));
    write(
        "tokenizer_config.json",
        Map.of(
            "bos_token", Map.of("content", "<new>"),
            "extra_special_tokens", Map.of("image_token", "<image>"),
            "chat_template", "{{ bos_token ~ unk_token ~ image_token ~ eos_token }}"));
    assertEquals("<old><unk><image>", hello());
  }

  @Test
  void ofSeveralTemplatesToolsTakeTheirOwn() throws IOException {
    write(
        "tokenizer_config.json",
        Map.of(
            "chat_template",
            List.of(
                Map.of("name", "default", "template", "plain"),
                Map.of("name", "tool_use", "template", "{{ tools[0].name }}"))));
    write("additional_chat_templates/rag.jinja", "{{ oops");
    ChatTemplate template = open().orElseThrow();
    assertEquals(List.of("default", "tool_use", "rag"), List.copyOf(template.names()));
    assertEquals("plain", template.render(HELLO, false));
    assertEquals("f", template.render(HELLO, List.of(Map.of("name", "f")), false, Map.of()));
  }

  /** As transformers 5.24 hands messages to templates, whatever the reasoning is called in them. */
  @Test
  void reasoningHasTheNameThatTemplatesRead() {
    ChatTemplate template =
        ChatTemplate.of(
            "{% for m in messages %}{{ m.reasoning_content }}|{{ m.thinking }}|"
                + "{{ m.reasoning }};{% endfor %}",
            Map.of(), "here");
    Map<String, Object> both = new LinkedHashMap<>();
    both.put("thinking", null);
    both.put("reasoning", "r");
    assertEquals(
        "t|t|;r|r|r;c|t|r;c|c|;r|None|r;||;",
        template.render(
            List.of(
                Map.of("role", "assistant", "thinking", "t"),
                Map.of("role", "assistant", "reasoning", "r"),
                Map.of("reasoning", "r", "thinking", "t", "reasoning_content", "c"),
                Map.of("reasoning_content", "c"),
                both,
                Map.of("role", "user")),
            false));
  }

  @Test
  void variablesWinOverSpecialTokens() {
    ChatTemplate template =
        ChatTemplate.of(
            "{{ bos_token }}{{ tools is none }}{{ documents is none }}{{ add_generation_prompt }}",
            Map.of("bos_token", "<s>"),
            "here");
    assertEquals("<s>TrueTrueFalse", template.render(HELLO, false));
    Map<String, Object> variables = Map.of("bos_token", "x", "documents", List.of());
    assertEquals("xTrueFalseTrue", template.render(HELLO, null, true, variables));
  }

  @Test
  void ggufMetadataHoldsTemplatesAndIds() {
    Map<String, Object> metadata =
        Map.of(
            "tokenizer.chat_template",
            SHORT + "{{ eos_token }}",
            "tokenizer.chat_template.tool_use",
            "with tools",
            "tokenizer.ggml.tokens",
            List.of("<s>", "</s>"),
            "tokenizer.ggml.bos_token_id",
            0L,
            "tokenizer.ggml.eos_token_id",
            9L);
    ChatTemplate template =
        ChatTemplate.of(new TokenizerSource.Metadata(Path.of("m.gguf"), metadata)).orElseThrow();
    assertEquals("<s>Hello", template.render(HELLO, false));
    assertEquals("with tools", template.render(HELLO, List.of(), false, Map.of()));
    assertEquals("m.gguf", template.file());
  }

  @Test
  void whatEndsAnAnswerIsAskedOfTheTemplate() {
    String turns = "{% for m in messages %}<{{ m.role }}>{{ m.content }}<end>\n{% endfor %}";
    assertEquals("<end>\n", ChatTemplate.of(turns, Map.of(), "here").endOfAnswer());
    String fussy = "{{ raise_exception('never') }}";
    assertEquals("", ChatTemplate.of(fussy, Map.of(), "here").endOfAnswer());
  }

  @Test
  void faultsAreOneSentence() throws IOException {
    ChatTemplateException e =
        assertThrows(
            ChatTemplateException.class, () -> ChatTemplate.of("\n{% frob %}", Map.of(), "here"));
    assertEquals(
        "here: the chat template, line 2, cannot be read: there is no tag 'frob'", e.getMessage());
    assertEquals(2, e.line());
    assertFalse(e.isRefusal());
    ChatTemplate fussy = ChatTemplate.of("{{ raise_exception('no\nway') }}", Map.of(), "here");
    e = assertThrows(ChatTemplateException.class, () -> fussy.render(HELLO, true));
    assertTrue(e.isRefusal());
    assertEquals("no\nway", e.problem());
    assertEquals(
        "here: the chat template, line 1, refuses this conversation: no way", e.getMessage());
    write("tokenizer_config.json", Map.of("chat_template", List.of("x")));
    assertTrue(
        assertThrows(InputException.class, this::open)
            .getMessage()
            .contains("chat_template: expected text"));
  }
}

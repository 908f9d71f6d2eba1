package dev.ashlar.formats.safetensors;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ashlar.io.json.JsonWriter;
import dev.ashlar.text.TokenizerSource;
import dev.ashlar.text.chat.ChatTemplate;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What lies beside the weights and goes along with a copy. */
class SideFilesTest {
  @TempDir Path folder;

  @Test
  void copiesOfAModelKeepEveryTemplate() throws IOException {
    Files.writeString(
        folder.resolve("tokenizer_config.json"),
        JsonWriter.pretty(Map.of("bos_token", "<s>", "chat_template", "x")));
    Files.writeString(
        folder.resolve("chat_template.jinja"), "{{ bos_token }}{{ messages[0].content }}");
    Files.createDirectories(folder.resolve("additional_chat_templates"));
    Files.writeString(folder.resolve("additional_chat_templates/tool_use.jinja"), "with tools");
    Path copy = Files.createDirectories(folder.resolve("copy"));
    SideFiles.copy(folder, copy);
    ChatTemplate template = ChatTemplate.of(new TokenizerSource.Folder(copy)).orElseThrow();
    List<Map<String, Object>> hello = List.of(Map.of("role", "user", "content", "Hello"));
    assertEquals("<s>Hello", template.render(hello, false));
    assertEquals("with tools", template.render(hello, List.of(), false, Map.of()));
  }
}

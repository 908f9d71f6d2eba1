package dev.ashlar.formats.safetensors;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.io.InputException;
import dev.ashlar.io.json.JsonWriter;
import dev.ashlar.text.TokenizerSource;
import dev.ashlar.text.chat.ChatTemplate;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
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

  private static List<String> names(Path folder) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      return all.filter(Files::isRegularFile)
          .map(p -> folder.relativize(p).toString())
          .sorted()
          .toList();
    }
  }

  /** A link in a downloaded folder could bring any file of this machine into a copy. */
  @Test
  void linksThatLeadElsewhereAreNotCopied() throws IOException {
    Path secret = Files.writeString(folder.resolve("secret"), "{\"a\": \"secret\"}");
    Path model = Files.createDirectories(folder.resolve("model"));
    Path templates = Files.createDirectories(model.resolve("additional_chat_templates"));
    Files.writeString(model.resolve("config.json"), "{}");
    Files.writeString(model.resolve("real"), "real");
    Files.createSymbolicLink(model.resolve("NOTICE"), Path.of("real"));
    for (String name :
        List.of("LICENSE", "modeling.py", "tokenizer.json", "generation_config.json")) {
      Files.createSymbolicLink(model.resolve(name), secret);
    }
    Files.createSymbolicLink(templates.resolve("tool.jinja"), secret);
    Files.createSymbolicLink(model.resolve("LICENSE.lost"), folder.resolve("nowhere"));
    SideFiles.requireCopyable(model);
    Path copy = Files.createDirectories(folder.resolve("copy"));
    SideFiles.copy(model, copy);
    assertEquals(List.of("NOTICE"), names(copy));
    assertEquals("real", Files.readString(copy.resolve("NOTICE")));
  }

  /** As the hub's cache keeps them, or a folder of links to a model that lies elsewhere. */
  @Test
  void linksToWhereTheModelLiesAreFollowed() throws IOException {
    Path blobs = Files.createDirectories(folder.resolve("blobs"));
    Path model = Files.createDirectories(folder.resolve("snapshots/main"));
    for (String name : List.of("config.json", "tokenizer.json", "LICENSE")) {
      Files.writeString(blobs.resolve("of-" + name), "{}");
      Files.createSymbolicLink(model.resolve(name), Path.of("../../blobs/of-" + name));
    }
    Path copy = Files.createDirectories(folder.resolve("copy"));
    SideFiles.copy(model, copy);
    assertEquals(List.of("LICENSE", "tokenizer.json"), names(copy));
  }

  @Test
  void whatCannotBeCopiedIsSaidBefore() throws IOException {
    Files.writeString(folder.resolve("config.json"), "{}");
    Path file = folder.resolve("LICENSE");
    try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
      sparse.setLength(1L << 40);
    }
    assertTrue(refused().contains("found 1099511627776 bytes"));
    Files.delete(file);
    Path device = Path.of("/dev/zero");
    if (Files.exists(device)) {
      // Outside of the folder, so not copied and of no concern.
      Files.createSymbolicLink(file, device);
      SideFiles.requireCopyable(folder);
      Files.delete(file);
    }
    Files.createDirectory(file);
    SideFiles.requireCopyable(folder);
    Files.delete(file);
    try {
      Process made = new ProcessBuilder("mkfifo", file.toString()).start();
      Assumptions.assumeTrue(made.waitFor() == 0, "skipped: no pipe could be made");
    } catch (IOException | InterruptedException e) {
      Assumptions.abort("skipped: there is no mkfifo");
    }
    assertTrue(refused().contains("a pipe"));
  }

  private String refused() {
    return assertThrows(InputException.class, () -> SideFiles.requireCopyable(folder)).getMessage();
  }

  @Test
  void nothingIsWrittenThroughALinkInTheTarget() throws IOException {
    Path model = Files.createDirectories(folder.resolve("model/additional_chat_templates"));
    Files.writeString(model.resolve("tool.jinja"), "x");
    Files.writeString(model.resolveSibling("LICENSE"), "ours");
    Path copy = Files.createDirectories(folder.resolve("copy"));
    Path victim = Files.writeString(folder.resolve("victim"), "theirs");
    Files.createSymbolicLink(copy.resolve("LICENSE"), victim);
    Path elsewhere = Files.createDirectories(folder.resolve("elsewhere"));
    Files.createSymbolicLink(copy.resolve("additional_chat_templates"), elsewhere);
    assertThrows(InputException.class, () -> SideFiles.copy(model.getParent(), copy));
    assertEquals("theirs", Files.readString(victim));
    assertEquals(List.of(), names(elsewhere));
  }
}

package dev.ashlar.formats;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeout;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.formats.gguf.GgufFile;
import dev.ashlar.formats.safetensors.SafetensorsFile;
import dev.ashlar.io.InputException;
import dev.ashlar.io.json.Json;
import dev.ashlar.tensor.weights.StoredTensor;
import dev.ashlar.text.chat.ChatTemplate;
import dev.ashlar.text.chat.ChatTemplateException;
import dev.ashlar.text.tokenizer.Tokenizers;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Every malformed file ends in one clear sentence, in time; every odd but legal one opens. */
class BadInputsTest {
  private static final Duration LIMIT = Duration.ofSeconds(2);

  @TempDir Path temp;

  @TestFactory
  List<DynamicTest> safetensors() {
    return cases("safetensors", BadInputsTest::readSafetensors);
  }

  @TestFactory
  List<DynamicTest> tokenizers() {
    return cases("tokenizer-dir", folder -> Tokenizers.fromFolder(folder).encode("ab abc"));
  }

  private static void readSafetensors(Path path) {
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      for (String name : file.names()) {
        readAll(file.tensor(name));
      }
    }
  }

  static void readAll(StoredTensor t) {
    t.readBytes(0, new byte[(int) t.byteSize()], 0, (int) t.byteSize());
    t.toTensor();
  }

  @TestFactory
  List<DynamicTest> gguf() {
    return cases("gguf", BadInputsTest::readGguf);
  }

  private static void readGguf(Path path) {
    try (GgufFile file = GgufFile.open(path)) {
      for (String name : file.names()) {
        readAll(file.find(name).orElseThrow());
      }
    }
  }

  @TestFactory
  List<DynamicTest> ggufModels() {
    return cases("gguf-model", BadInputsTest::readCheckpoint, true);
  }

  @TestFactory
  List<DynamicTest> modelFolders() {
    return cases("model-dir", BadInputsTest::readCheckpoint, true);
  }

  @TestFactory
  List<DynamicTest> packedFolders() {
    return cases("gptq-dir", BadInputsTest::readCheckpoint);
  }

  private static void readCheckpoint(Path path) {
    try (Checkpoint checkpoint = Checkpoints.open(path)) {
      for (String name : checkpoint.names()) {
        readAll(checkpoint.tensor(name));
      }
      checkpoint.quantizedNames().forEach(checkpoint::quantized);
    }
  }

  @TestFactory
  List<DynamicTest> chatTemplates() {
    Path folder = Shared.path("fixtures/badinputs");
    List<DynamicTest> tests = new ArrayList<>();
    for (Object value : (List<?>) Json.readObject(folder.resolve("manifest.json")).get("cases")) {
      Map<?, ?> c = (Map<?, ?>) value;
      if (c.get("kind").equals("chat-template")) {
        Path path = folder.resolve((String) c.get("file"));
        boolean ok = c.get("expect").equals("ok");
        tests.add(
            DynamicTest.dynamicTest(
                (String) c.get("id"), () -> assertTimeout(LIMIT, () -> judgeTemplate(path, ok))));
      }
    }
    return tests;
  }

  private static void judgeTemplate(Path path, boolean ok) throws IOException {
    String source = Files.readString(path);
    List<Map<String, String>> messages = List.of(Map.of("role", "user", "content", "Hello"));
    if (ok) {
      ChatTemplate.of(source, Map.of(), path.toString()).render(messages, true);
    } else {
      ChatTemplateException e =
          assertThrows(
              ChatTemplateException.class,
              () -> ChatTemplate.of(source, Map.of(), path.toString()).render(messages, true));
      assertSentence(path, e.getMessage());
    }
  }

  private List<DynamicTest> cases(String kind, Consumer<Path> open) {
    return cases(kind, open, false);
  }

  /**
   * One test for each case of a kind.
   *
   * @param partly whether some faults are the model's to find: such a case may also open
   */
  private List<DynamicTest> cases(String kind, Consumer<Path> open, boolean partly) {
    Path folder = Shared.path("fixtures/badinputs");
    List<DynamicTest> tests = new ArrayList<>();
    for (Object value : (List<?>) Json.readObject(folder.resolve("manifest.json")).get("cases")) {
      Map<?, ?> c = (Map<?, ?>) value;
      if (c.get("kind").equals(kind)) {
        Path path = folder.resolve((String) c.get("file"));
        // A fault that only a later stage can see must not stop the file from being opened.
        boolean ok = c.get("expect").equals("ok") || c.containsKey("stage");
        tests.add(
            DynamicTest.dynamicTest((String) c.get("id"), () -> judge(path, ok, open, partly)));
      }
    }
    assertFalse(tests.isEmpty(), "no cases of kind " + kind);
    return tests;
  }

  private void judge(Path path, boolean ok, Consumer<Path> open, boolean partly) {
    assertTimeout(
        LIMIT,
        () -> {
          if (ok) {
            open.accept(withLinks(path));
          } else if (partly) {
            try {
              open.accept(path);
              Assumptions.abort("opens: a fault that only the reader of the model can see");
            } catch (InputException e) {
              assertSentence(path, e.getMessage());
            }
          } else {
            assertSentence(
                path, assertThrows(InputException.class, () -> open.accept(path)).getMessage());
          }
        });
  }

  /**
   * A hub cache links its files; where a checkout has spelled links as text, they are links again.
   */
  private Path withLinks(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return folder;
    }
    Map<Path, Path> links = new LinkedHashMap<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
      for (Path file : files) {
        String text =
            Files.size(file) > 100 ? "" : new String(Files.readAllBytes(file), ISO_8859_1);
        if (text.startsWith("../") && Files.exists(folder.resolve(text))) {
          links.put(file.getFileName(), folder.resolve(text).toRealPath());
        }
      }
    }
    if (links.isEmpty()) {
      return folder;
    }
    Path copy = Files.createTempDirectory(temp, "links");
    Path blobs = Files.createTempDirectory(temp, "blobs");
    for (Map.Entry<Path, Path> link : links.entrySet()) {
      Path blob = Files.copy(link.getValue(), blobs.resolve(link.getKey()));
      Files.createSymbolicLink(copy.resolve(link.getKey()), blob);
    }
    return copy;
  }

  private static void assertSentence(Path path, String message) {
    assertTrue(message.startsWith(path.toString()), message);
    assertFalse(message.contains("\n"), message);
    assertTrue(message.length() < 1500, message);
  }
}

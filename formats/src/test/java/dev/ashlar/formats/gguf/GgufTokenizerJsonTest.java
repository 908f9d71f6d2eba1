package dev.ashlar.formats.gguf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.ashlar.formats.Checkpoints;
import dev.ashlar.formats.Shared;
import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.io.InputException;
import dev.ashlar.io.json.Json;
import dev.ashlar.text.TokenizerSource;
import dev.ashlar.text.tokenizer.Tokenizer;
import dev.ashlar.text.tokenizer.Tokenizers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

class GgufTokenizerJsonTest {
  private static final List<String> TEXTS =
      List.of(
          "",
          "Hello, world! It's 2024 and 3.14159 isn't 22/7.",
          "  leading, trailing  \n\n\tand\r\nline ends ",
          "Ünïcödé, 日本語, 😀🏳️‍🌈, العربية",
          "<|im_start|>user\nHi<|im_end|>\n<s>x</s>",
          "def f(x):\n    return x ** 2  # square");

  @TempDir Path temp;

  /** A rebuilt folder's tokenizer does what the one inside the GGUF file does. */
  @TestFactory
  List<DynamicTest> rebuiltTokenizersAgreeWithTheFile() throws IOException {
    List<DynamicTest> tests = new ArrayList<>();
    List<Path> files = new ArrayList<>();
    try (Stream<Path> models = Files.list(Shared.path("models"));
        Stream<Path> exports = Files.walk(Shared.path("fixtures/autoround/exports"), 2)) {
      Stream.concat(models, exports)
          .filter(p -> p.toString().endsWith(".gguf"))
          .sorted()
          .forEach(files::add);
    }
    for (Path file : files) {
      tests.add(DynamicTest.dynamicTest(file.getFileName().toString(), () -> assertAgrees(file)));
    }
    return tests;
  }

  private void assertAgrees(Path file) throws IOException {
    Path folder = Files.createTempDirectory(temp, "rebuilt");
    try (Checkpoint c = Checkpoints.open(file)) {
      c.writeSideFiles(folder);
      Map<String, Object> metadata = ((TokenizerSource.Metadata) c.tokenizer()).values();
      Tokenizer inside = Tokenizers.fromGguf(metadata);
      Tokenizer rebuilt = Tokenizers.fromFolder(folder);
      for (String text : TEXTS) {
        for (boolean special : new boolean[] {false, true}) {
          int[] ids = inside.encode(text, special);
          assertArrayEquals(ids, rebuilt.encode(text, special), text);
          assertEquals(inside.decode(ids, false), rebuilt.decode(ids, false));
        }
      }
      assertEquals(inside.bos(), rebuilt.bos());
      assertEquals(inside.eos(), rebuilt.eos());
      assertEquals(inside.chatTemplate(), rebuilt.chatTemplate());
    }
  }

  /** SentencePiece scores give the merges that Hugging Face's own conversion gives. */
  @TestFactory
  List<DynamicTest> mergesOfScoresAreTheOriginalOnes() throws IOException {
    Path root = Shared.path("fixtures/autoround");
    List<DynamicTest> tests = new ArrayList<>();
    try (Stream<Path> all = Files.walk(root.resolve("exports"), 2)) {
      for (Path gguf : all.filter(p -> p.toString().endsWith(".gguf")).sorted().toList()) {
        String run = gguf.getParent().getFileName().toString();
        Path model = root.resolve("models").resolve(run.substring(0, run.indexOf('-')));
        tests.add(DynamicTest.dynamicTest(run, () -> assertSameModel(model, gguf)));
      }
    }
    return tests;
  }

  private void assertSameModel(Path model, Path gguf) throws IOException {
    Path folder = Files.createTempDirectory(temp, "rebuilt");
    try (Checkpoint c = Checkpoints.open(gguf)) {
      c.writeSideFiles(folder);
    }
    Map<?, ?> original = model(model.resolve("tokenizer.json"));
    Map<?, ?> rebuilt = model(folder.resolve("tokenizer.json"));
    assertEquals(original.get("vocab"), rebuilt.get("vocab"));
    assertEquals(original.get("merges"), rebuilt.get("merges"));
  }

  private static Map<?, ?> model(Path tokenizerJson) {
    return (Map<?, ?>) Json.readObject(tokenizerJson, Json.MAX_DOCUMENT_BYTES).get("model");
  }

  @Test
  void refusesWhatItCannotRebuild() {
    GgufBytes g = GgufBytes.tinyLlama().put("tokenizer.ggml.model", "frob");
    g.put("tokenizer.ggml.tokens", List.of("a", "b", "c", "d", "e", "f"));
    try (Checkpoint c = Checkpoints.open(g.write(temp.resolve("a.gguf")))) {
      InputException e = assertThrows(InputException.class, () -> c.writeSideFiles(temp));
      assertEquals("tokenizer.ggml.model", e.place());
    }
    g.put("tokenizer.ggml.model", "gpt2").put("tokenizer.ggml.pre", "warp");
    g.put("tokenizer.ggml.merges", List.of("a b"));
    try (Checkpoint c = Checkpoints.open(g.write(temp.resolve("b.gguf")))) {
      InputException e = assertThrows(InputException.class, () -> c.writeSideFiles(temp));
      assertEquals("tokenizer.ggml.pre", e.place());
    }
  }
}

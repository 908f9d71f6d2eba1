package dev.ashlar.formats.gguf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.formats.Shared;
import dev.ashlar.formats.gguf.writing.GgufWriter;
import dev.ashlar.formats.gguf.writing.TokenizerKeys;
import dev.ashlar.io.InputException;
import dev.ashlar.io.json.Json;
import dev.ashlar.io.json.JsonWriter;
import dev.ashlar.tensor.Shape;
import dev.ashlar.text.TokenizerSource;
import dev.ashlar.text.tokenizer.Tokenizer;
import dev.ashlar.text.tokenizer.Tokenizers;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Tokenizers of folders, written into GGUF files and read again. */
class TokenizerKeysTest {
  private static final String TEXT =
      "The quick brown fox can't jump 12345 times\n\n  over: the lazy-dog's back! Ünïcödé 東京 😀\t.";

  @TempDir Path temp;

  private Path folder(Path file) throws IOException {
    Path folder = Files.createTempDirectory(temp, "tokenizer");
    try (InputStream raw = Files.newInputStream(file);
        InputStream in = file.toString().endsWith(".gz") ? new GZIPInputStream(raw) : raw) {
      Files.copy(in, folder.resolve("tokenizer.json"));
    }
    return folder;
  }

  private Tokenizer written(Map<String, Object> keys, String name) {
    Path file = temp.resolve(name + ".gguf");
    try (GgufWriter writer = new GgufWriter(file)) {
      keys.forEach(writer::put);
      writer.begin("t", GgufType.F32, Shape.of(8));
      writer.bytes(new byte[32], 0, 32);
      writer.finish();
    }
    try (GgufFile read = GgufFile.open(file)) {
      return Tokenizers.fromGguf(read.metadata());
    }
  }

  @TestFactory
  List<DynamicTest> theSameTokens() {
    List<DynamicTest> tests = new ArrayList<>();
    for (String name : List.of("gpt2", "llama2")) {
      Path file = Shared.path("fixtures/tokenizers/" + name + ".json.gz");
      tests.add(DynamicTest.dynamicTest(name, () -> assertSame(file, name)));
    }
    return tests;
  }

  private void assertSame(Path file, String name) throws IOException {
    TokenizerSource source = new TokenizerSource.Folder(folder(file));
    Tokenizer own = Tokenizers.open(source);
    TokenizerKeys.Result result = TokenizerKeys.of(source, own.vocabSize() + 3, List.of());
    assertTrue(result.missing().isEmpty(), () -> result.missing().get());
    Tokenizer read = written(result.keys(), name);
    assertArrayEquals(own.encode(TEXT, true), read.encode(TEXT, true));
    assertEquals(own.vocabSize() + 3, read.vocabSize());
  }

  /** What GGUF has no words for is said, and the file says that there is no tokenizer. */
  @Test
  void whatCannotBeSaidIsToldOf() throws IOException {
    Path file = Shared.path("fixtures/tokenizers/syn_wordpiece.json");
    TokenizerKeys.Result result =
        TokenizerKeys.of(new TokenizerSource.Folder(folder(file)), 100, List.of());
    assertTrue(result.missing().orElseThrow().contains("WordPiece"), result.missing() + "");
    assertEquals("none", result.keys().get("tokenizer.ggml.model"));
    assertFalse(result.keys().containsKey("tokenizer.ggml.tokens"));
  }

  /** llama.cpp opens no file that says nothing of it. */
  @Test
  void noTokenizerIsSaidToo() {
    TokenizerKeys.Result result =
        TokenizerKeys.of(
            new TokenizerSource.Metadata(Path.of("m.gguf"), Map.of("general.name", "m")),
            9,
            List.of());
    assertEquals(Map.of("tokenizer.ggml.model", "none"), result.keys());
    assertTrue(result.missing().orElseThrow().contains("no tokenizer"), result.missing() + "");
  }

  /** What is damaged is not taken for a kind that GGUF has no words for. */
  @Test
  void whatIsDamagedIsAFault() throws IOException {
    Path good = folder(Shared.path("fixtures/tokenizers/gpt2.json.gz"));
    Path file = good.resolve("tokenizer.json");
    String text = Files.readString(file);
    Map<String, Object> document = new LinkedHashMap<>(Json.readObject(file));
    Map<String, Object> model = new LinkedHashMap<>(Json.asObject(document.get("model"), "model"));
    for (Object merge : List.of("alone", List.of("a"), List.of("a", "b", "c"), List.of("a", 1L))) {
      model.put("merges", List.of(merge));
      document.put("model", model);
      Files.writeString(file, JsonWriter.pretty(document));
      assertFault(good);
    }
    Files.writeString(file, text.substring(0, text.length() / 2));
    assertFault(good);
    Files.delete(file);
    assertTrue(
        TokenizerKeys.of(new TokenizerSource.Folder(good), 100, List.of()).missing().isPresent());
  }

  private static void assertFault(Path folder) {
    InputException e =
        assertThrows(
            InputException.class,
            () -> TokenizerKeys.of(new TokenizerSource.Folder(folder), 100, List.of()));
    assertTrue(e.getMessage().contains("tokenizer.json"), e.getMessage());
  }
}

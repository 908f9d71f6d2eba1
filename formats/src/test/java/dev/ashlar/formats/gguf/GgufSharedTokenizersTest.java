package dev.ashlar.formats.gguf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.formats.Shared;
import dev.ashlar.io.json.Json;
import dev.ashlar.text.tokenizer.Tokenizer;
import dev.ashlar.text.tokenizer.Tokenizers;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** The tokenizers inside GGUF files, against what the peer's library makes of the same text. */
class GgufSharedTokenizersTest {
  private static final String SUFFIX = ".cases.json.gz";

  @TestFactory
  List<DynamicTest> cases() throws IOException {
    List<DynamicTest> tests = new ArrayList<>();
    List<Path> cases = list(Shared.path("fixtures/tokenizers"), SUFFIX);
    for (Path file : list(Shared.path("models"), ".gguf")) {
      String model = file.getFileName().toString().toLowerCase(Locale.ROOT);
      for (Path c : cases) {
        if (model.startsWith(c.getFileName().toString().replace(SUFFIX, ""))) {
          tests.add(DynamicTest.dynamicTest(model, () -> check(file, c)));
        }
      }
    }
    assertFalse(tests.isEmpty());
    return tests;
  }

  private static void check(Path file, Path cases) throws IOException {
    byte[] json;
    try (InputStream in = new GZIPInputStream(Files.newInputStream(cases))) {
      json = in.readAllBytes();
    }
    try (GgufFile gguf = GgufFile.open(file)) {
      Tokenizer tokenizer = Tokenizers.fromGguf(gguf.metadata(), file.toString());
      List<?> all = (List<?>) Json.parseObject(json, cases.toString()).get("cases");
      assertFalse(all.isEmpty());
      for (Object element : all) {
        check(tokenizer, (Map<?, ?>) element);
      }
      assertTrue(tokenizer.chatTemplate().isPresent());
      assertTrue(tokenizer.eos().isPresent());
    }
  }

  private static void check(Tokenizer tokenizer, Map<?, ?> c) {
    String text = (String) c.get("text");
    int[] expected = ints(c.get("ids"));
    assertArrayEquals(expected, tokenizer.encode(text), text);
    int[] special = c.containsKey("ids_special") ? ints(c.get("ids_special")) : expected;
    assertArrayEquals(special, tokenizer.encode(text, true), text);
    Object decoded = c.containsKey("decoded") ? c.get("decoded") : text;
    assertEquals(decoded, tokenizer.decode(expected));
    Object kept = c.containsKey("decoded_keep_special") ? c.get("decoded_keep_special") : decoded;
    assertEquals(kept, tokenizer.decode(expected, true));
  }

  private static int[] ints(Object list) {
    return ((List<?>) list).stream().mapToInt(x -> ((Number) x).intValue()).toArray();
  }

  private static List<Path> list(Path folder, String suffix) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(f -> f.toString().endsWith(suffix)).sorted().toList();
    }
  }
}

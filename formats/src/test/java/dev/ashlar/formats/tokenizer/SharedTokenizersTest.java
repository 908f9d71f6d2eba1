package dev.ashlar.formats.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.formats.Shared;
import dev.ashlar.formats.gguf.GgufFile;
import dev.ashlar.formats.json.Json;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Every tokenizer in the shared folder, against what the peers' libraries make of the same text.
 */
class SharedTokenizersTest {
  private static final String CASES = ".cases.json.gz";

  @TestFactory
  List<DynamicTest> cases() throws IOException {
    Path folder = Shared.path("fixtures/tokenizers");
    List<DynamicTest> tests = new ArrayList<>();
    for (Path cases : list(folder, CASES)) {
      String name = cases.getFileName().toString().replace(CASES, "");
      tests.add(DynamicTest.dynamicTest(name, () -> check(open(folder, name), cases)));
    }
    assertFalse(tests.isEmpty());
    return tests;
  }

  @TestFactory
  List<DynamicTest> texts() throws IOException {
    Path folder = Shared.path("fixtures/tokenizers");
    Path text = Shared.path("text");
    List<DynamicTest> tests = new ArrayList<>();
    Json.readObject(folder.resolve("text-ids.json"))
        .forEach(
            (name, files) ->
                tests.add(
                    DynamicTest.dynamicTest(
                        name, () -> checkTexts(open(folder, name), text, (Map<?, ?>) files))));
    assertFalse(tests.isEmpty());
    return tests;
  }

  /** The tokenizer of a GGUF file agrees with the one that was made of it. */
  @TestFactory
  List<DynamicTest> gguf() throws IOException {
    Path folder = Shared.path("fixtures/tokenizers");
    List<DynamicTest> tests = new ArrayList<>();
    for (Path file : list(Shared.path("models"), ".gguf")) {
      String model = file.getFileName().toString().toLowerCase(Locale.ROOT);
      for (Path cases : list(folder, CASES)) {
        String name = cases.getFileName().toString().replace(CASES, "");
        if (model.startsWith(name)) {
          tests.add(DynamicTest.dynamicTest(model, () -> checkGguf(file, cases)));
        }
      }
    }
    assertFalse(tests.isEmpty());
    return tests;
  }

  private static void checkGguf(Path file, Path cases) throws IOException {
    try (GgufFile gguf = GgufFile.open(file)) {
      Tokenizer tokenizer = Tokenizers.fromGguf(gguf.metadata(), file.toString());
      check(tokenizer, cases);
      assertTrue(tokenizer.chatTemplate().isPresent());
      assertTrue(tokenizer.eos().isPresent());
    }
  }

  private static List<Path> list(Path folder, String suffix) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(f -> f.toString().endsWith(suffix)).sorted().toList();
    }
  }

  static byte[] read(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      return file.toString().endsWith(".gz")
          ? new GZIPInputStream(in).readAllBytes()
          : in.readAllBytes();
    }
  }

  static Tokenizer open(Path folder, String name) throws IOException {
    for (String suffix : List.of(".json", ".json.gz")) {
      Path file = folder.resolve(name + suffix);
      if (Files.exists(file)) {
        return Tokenizers.fromJson(Json.parse(read(file), file.toString()), file.toString());
      }
    }
    return Tokenizers.fromSentencePiece(folder.resolve(name + ".model"));
  }

  static void check(Tokenizer tokenizer, Path cases) throws IOException {
    Map<String, Object> document = Json.parseObject(read(cases), cases.toString());
    int n = 0;
    for (Object element : (List<?>) document.get("cases")) {
      check(tokenizer, (Map<?, ?>) element);
      n++;
    }
    assertFalse(n == 0);
  }

  static void check(Tokenizer tokenizer, Map<?, ?> c) {
    String text = (String) c.get("text");
    int[] expected = ints(c.get("ids"));
    int[] ids = tokenizer.encode(text);
    assertArrayEquals(expected, ids, () -> "ids of " + show(text));
    if (tokenizer instanceof SentencePieceTokenizer) {
      // The library adds nothing by itself, and keeps no special pieces in text.
      assertEquals(c.get("decoded"), tokenizer.decode(ids), () -> "decoded " + show(text));
      return;
    }
    int[] special = c.containsKey("ids_special") ? ints(c.get("ids_special")) : expected;
    assertArrayEquals(special, tokenizer.encode(text, true), () -> "special ids of " + show(text));
    String decoded = c.containsKey("decoded") ? (String) c.get("decoded") : text;
    assertEquals(decoded, tokenizer.decode(ids), () -> "decoded " + show(text));
    String kept =
        (String) (c.containsKey("decoded_keep_special") ? c.get("decoded_keep_special") : decoded);
    assertEquals(kept, tokenizer.decode(ids, true), () -> "kept " + show(text));
  }

  private static String show(String text) {
    return text.length() > 100 ? text.substring(0, 100) + "…" : text;
  }

  private static int[] ints(Object list) {
    return ((List<?>) list).stream().mapToInt(x -> ((Number) x).intValue()).toArray();
  }

  private static void checkTexts(Tokenizer tokenizer, Path folder, Map<?, ?> files)
      throws IOException {
    for (Map.Entry<?, ?> e : files.entrySet()) {
      String text = Files.readString(folder.resolve((String) e.getKey()), StandardCharsets.UTF_8);
      Map<?, ?> expected = (Map<?, ?>) e.getValue();
      int[] ids = tokenizer.encode(text);
      assertEquals(
          ((Number) expected.get("count")).intValue(), ids.length, "count of " + e.getKey());
      assertEquals(expected.get("sha256"), sha256(ids), "hash of " + e.getKey());
    }
  }

  private static String sha256(int[] ids) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * ids.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asIntBuffer().put(ids);
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes.array()));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }
}

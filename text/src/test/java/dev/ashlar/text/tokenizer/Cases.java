package dev.ashlar.text.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.ashlar.io.json.Json;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;

/** Texts with the ids that a peer's library gives them, beside the tokenizer they are for. */
final class Cases {
  static final String SUFFIX = ".cases.json.gz";

  private Cases() {}

  static List<Path> list(Path folder, String suffix) throws IOException {
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
}

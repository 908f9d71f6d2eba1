package dev.ashlar.formats.gguf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.formats.Checkpoints;
import dev.ashlar.io.InputException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What no GGUF file may be, whoever opens it. */
class GgufRulesTest {
  @TempDir Path temp;

  private static GgufBytes model() {
    GgufBytes g = GgufBytes.tinyLlama();
    g.put("tokenizer.ggml.model", "gpt2").put("tokenizer.ggml.pre", "gpt-2");
    g.put("tokenizer.ggml.tokens", List.of("a", "b", "ab", "c", "d", "<e>"));
    return g.put("tokenizer.ggml.merges", List.of("a b"));
  }

  private void refused(byte[] bytes, String... parts) throws IOException {
    Path file = Files.write(temp.resolve("m.gguf"), bytes);
    String message =
        assertThrows(InputException.class, () -> Checkpoints.open(file).close()).getMessage();
    for (String part : parts) {
      assertTrue(message.contains(part), message);
    }
  }

  @Test
  void valuesThatTokenizersReadHaveTheirTypes() throws IOException {
    Map<String, Object> wrong = new TreeMap<>();
    wrong.put("tokenizer.ggml.model", 1);
    wrong.put("tokenizer.ggml.pre", true);
    wrong.put("tokenizer.ggml.add_bos_token", "yes");
    wrong.put("tokenizer.ggml.add_eos_token", 1);
    wrong.put("tokenizer.ggml.add_space_prefix", 0.5f);
    wrong.put("tokenizer.ggml.merges", List.of(1, 2));
    wrong.put("tokenizer.ggml.tokens", List.of(1, 2, 3, 4, 5, 6));
    wrong.put("tokenizer.ggml.token_type", List.of(1f, 1f, 1f, 1f, 1f, 1f));
    wrong.put("tokenizer.ggml.scores", List.of("a", "b", "c", "d", "e", "f"));
    for (Map.Entry<String, Object> e : wrong.entrySet()) {
      refused(model().put(e.getKey(), e.getValue()).bytes(), e.getKey());
    }
  }

  @Test
  void textsAreUtf8() throws IOException {
    String odd = "a \uFFFD that is meant";
    byte[] bytes = model().put("some.text", odd).bytes();
    Path file = Files.write(temp.resolve("good.gguf"), bytes);
    try (GgufFile f = GgufFile.open(file)) {
      assertEquals(odd, f.metadata().get("some.text"));
    }
    int at = new String(bytes, StandardCharsets.ISO_8859_1).indexOf("that is meant");
    bytes[at] = (byte) 0xC3;
    refused(bytes, "some.text", "is not valid UTF-8");
  }

  @Test
  void truthIsOneOrZero() throws IOException {
    byte[] bytes = model().put("some.flag", true).bytes();
    bytes[after(bytes, "some.flag") + 4] = 7;
    refused(bytes, "some.flag", "the byte 7");
  }

  private static int after(byte[] bytes, String name) {
    int at = new String(bytes, StandardCharsets.ISO_8859_1).indexOf(name);
    assertTrue(at > 0, name);
    return at + name.length();
  }

  /** Behind a matrix's name: rank, two extents, type, offset. */
  private static ByteBuffer header(byte[] bytes, String tensor) {
    int at = after(bytes, tensor);
    return ByteBuffer.wrap(bytes, at, bytes.length - at).slice().order(ByteOrder.LITTLE_ENDIAN);
  }

  @Test
  void tensorsLieOneBehindTheOther() throws IOException {
    byte[] bytes = model().bytes();
    byte[] longer = Arrays.copyOf(bytes, bytes.length + 64);
    ByteBuffer last = header(longer, "blk.0.ffn_down.weight");
    last.putLong(24, last.getLong(24) + 64);
    refused(longer, "blk.0.ffn_down.weight", "where the data before it ends");
    // The first one too: what lies before it is no padding.
    byte[] first = Arrays.copyOf(GgufBytes.empty().tensor("a", 8).bytes(), 320);
    ByteBuffer.wrap(first).order(ByteOrder.LITTLE_ENDIAN).putLong(after(first, "a") + 16, 32);
    Path file = Files.write(temp.resolve("first.gguf"), first);
    assertThrows(InputException.class, () -> GgufFile.open(file).close());
  }

  @Test
  void weightsAreNoIntegers() throws IOException {
    byte[] bytes = model().bytes();
    header(bytes, "blk.0.ffn_up.weight").putInt(20, 26);
    refused(bytes, "blk.0.ffn_up.weight", "I32");
  }

  @Test
  void countsAndLengthsHaveBounds() throws IOException {
    byte[] bytes = Arrays.copyOf(model().bytes(), 20_000_000);
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putLong(8, 400_000);
    refused(bytes, "tensor count", "400000", "250000");
  }
}

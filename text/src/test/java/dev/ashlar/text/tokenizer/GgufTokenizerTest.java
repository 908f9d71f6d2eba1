package dev.ashlar.text.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ashlar.io.json.Json;
import dev.ashlar.text.tokenizer.sentencepiece.SentencePieceModel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class GgufTokenizerTest {
  private static Path resource(String name) throws Exception {
    return Path.of(GgufTokenizerTest.class.getResource("/tokenizers/" + name).toURI());
  }

  /** A sentencepiece model put into metadata gives the ids that its own file gives. */
  @Test
  void theLlamaKindIsSentencePiece() throws Exception {
    Path file = resource("spm_bpe.model");
    SentencePieceModel spec = SentencePieceModel.parse(Files.readAllBytes(file));
    Map<String, Object> metadata = new HashMap<>();
    metadata.put("tokenizer.ggml.model", "llama");
    metadata.put("tokenizer.ggml.tokens", spec.pieces());
    metadata.put(
        "tokenizer.ggml.scores", IntStream.range(0, spec.size()).mapToObj(spec::score).toList());
    int[] types = new int[spec.size()];
    Arrays.setAll(types, spec::type);
    metadata.put("tokenizer.ggml.token_type", types);
    Tokenizer gguf = Tokenizers.fromGguf(metadata);
    assertEquals(OptionalInt.of(1), gguf.bos());
    for (Object c :
        (List<?>)
            Json.parseObject(Cases.read(resource("spm_bpe.cases.json.gz")), "c").get("cases")) {
      Map<?, ?> test = (Map<?, ?>) c;
      String text = (String) test.get("text");
      int[] ids =
          ((List<?>) test.get("ids")).stream().mapToInt(x -> ((Number) x).intValue()).toArray();
      // Control pieces written in a text are text for sentencepiece, but tokens for GGUF.
      if (!text.contains("<s>") && !text.contains("</s>") && !text.contains("<unk>")) {
        assertArrayEquals(ids, gguf.encode(text), text);
        assertEquals(test.get("decoded"), gguf.decode(ids));
      }
    }
  }

  /** A token that is said to be -1 is as one that nothing is said of. */
  @Test
  void tokensThatThereAreNot() {
    Map<String, Object> metadata = new HashMap<>();
    metadata.put("tokenizer.ggml.model", "llama");
    metadata.put("tokenizer.ggml.tokens", List.of("<unk>", "<s>", "</s>", "a"));
    metadata.put("tokenizer.ggml.scores", new float[] {0, 0, 0, -1});
    metadata.put("tokenizer.ggml.token_type", new int[] {2, 3, 3, 1});
    int[] silent = Tokenizers.fromGguf(metadata).encode("a", true);
    for (Object none : new Object[] {-1, -1L, 0xFFFFFFFFL}) {
      for (String kind : List.of("bos", "eos", "unknown", "padding", "separator")) {
        metadata.put("tokenizer.ggml." + kind + "_token_id", none);
      }
      assertArrayEquals(silent, Tokenizers.fromGguf(metadata).encode("a", true));
    }
  }

  /** A trained byte-level encoding put into metadata gives the same ids. */
  @Test
  void theGpt2KindIsByteLevel() {
    String text = "the old stone, the new stone; it's 12345  wide\n\n".repeat(9);
    Map<String, Object> json = BpeTrainer.train(text, 320, List.of("<|end|>"));
    Map<?, ?> model = (Map<?, ?>) json.get("model");
    List<String> merges =
        ((List<?>) model.get("merges"))
            .stream().map(m -> ((List<?>) m).get(0) + " " + ((List<?>) m).get(1)).toList();
    Map<String, Object> metadata = new HashMap<>();
    metadata.put("tokenizer.ggml.model", "gpt2");
    metadata.put("tokenizer.ggml.pre", "gpt-2");
    metadata.put(
        "tokenizer.ggml.tokens", List.copyOf(Json.asObject(model.get("vocab"), "v").keySet()));
    metadata.put("tokenizer.ggml.merges", merges.toArray());
    int[] types = new int[((Map<?, ?>) model.get("vocab")).size()];
    Arrays.fill(types, 1);
    types[0] = 3;
    metadata.put("tokenizer.ggml.token_type", types);
    metadata.put("tokenizer.ggml.bos_token_id", 0);
    metadata.put("tokenizer.ggml.add_bos_token", true);
    Tokenizer gguf = Tokenizers.fromGguf(metadata);
    String sample = text + " größer <|end|> 石";
    int[] ids = Tokenizers.fromJson(json, "trained").encode(sample);
    assertArrayEquals(ids, gguf.encode(sample));
    assertEquals(0, gguf.encode(sample, true)[0]);
    assertEquals(ids.length + 1, gguf.encode(sample, true).length);
  }
}

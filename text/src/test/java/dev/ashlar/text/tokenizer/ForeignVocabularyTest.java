package dev.ashlar.text.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.io.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Vocabularies that are not read are named, and it is said how to come by one that is. */
class ForeignVocabularyTest {
  private static final String RANKS = "IQ== 0\nIg== 1\nIyM= 2\n";

  @TempDir Path folder;

  private String fault() {
    String said =
        assertThrows(InputException.class, () -> Tokenizers.fromFolder(folder)).getMessage();
    assertTrue(said.contains("save_pretrained") && said.lines().count() == 1, said);
    return said;
  }

  @Test
  void tekkenAlone() throws IOException {
    Files.writeString(folder.resolve("tekken.json"), "{\"config\":{},\"vocab\":[]}");
    assertEquals(
        folder.resolve("tekken.json")
            + ": is a tekken vocabulary, Mistral's own form, which is not read, and there is no"
            + " tokenizer.json beside it; make one with transformers 5.24 or later, whose"
            + " AutoTokenizer.from_pretrained and save_pretrained write it, or take that of the"
            + " model's page",
        fault());
    Files.writeString(
        folder.resolve("tokenizer_config.json"), "{\"tokenizer_class\":\"GPT2Tokenizer\"}");
    assertTrue(fault().contains("tekken.json"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"qwen.tiktoken", "tiktoken.model", "tokenizer.model"})
  void tiktokenUnderAnyName(String name) throws IOException {
    Files.writeString(folder.resolve(name), RANKS);
    assertTrue(fault().startsWith(folder.resolve(name) + ": is a tiktoken vocabulary"), fault());
  }

  @Test
  void tiktokenWhereSentencepieceIsAskedFor() throws IOException {
    Path file = Files.writeString(folder.resolve("any.model"), RANKS.replace("\n", "\r\n"));
    InputException e = assertThrows(InputException.class, () -> Tokenizers.fromSentencePiece(file));
    assertTrue(e.getMessage().contains("tiktoken"), e.getMessage());
  }

  /** A file that is neither stays what its reader says of it. */
  @Test
  void whatIsNeitherIsTheReadersMatter() throws IOException {
    Files.writeString(folder.resolve("tokenizer.model"), "no model");
    String said =
        assertThrows(InputException.class, () -> Tokenizers.fromFolder(folder)).getMessage();
    assertTrue(said.contains("tokenizer.model") && !said.contains("tiktoken"), said);
  }
}

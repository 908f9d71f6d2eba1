package dev.ashlar.text.tokenizer.folder;

import dev.ashlar.io.InputException;
import dev.ashlar.io.file.WholeFile;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;

/** Vocabularies that are known and not read: what they are, and how to come by one that is. */
public final class ForeignVocabulary {
  private static final String TEKKEN = "tekken.json";

  /** Longer than the first line of any. */
  private static final int BEGINNING = 256;

  /** A token's bytes and its rank. */
  private static final Pattern TIKTOKEN = Pattern.compile("[A-Za-z0-9+/]+={0,2} \\d+\\r?\\n");

  private ForeignVocabulary() {}

  /**
   * Refuses a vocabulary of tiktoken under a name that sentencepiece models have.
   *
   * @throws InputException if it is one, or cannot be read
   */
  public static void refuse(Path file) {
    WholeFile.requireRegular(file);
    byte[] bytes;
    try (InputStream in = Files.newInputStream(file)) {
      bytes = in.readNBytes(BEGINNING);
    } catch (IOException e) {
      throw InputException.unreadable(file, e);
    }
    if (TIKTOKEN.matcher(new String(bytes, StandardCharsets.ISO_8859_1)).lookingAt()) {
      throw fault(file, "a tiktoken vocabulary");
    }
  }

  /**
   * Refuses a folder whose only vocabulary is of such a kind.
   *
   * @throws InputException if there is one
   */
  static void refuseIn(Path folder) {
    Path tekken = folder.resolve(TEKKEN);
    if (Files.exists(tekken)) {
      throw fault(tekken, "a tekken vocabulary, Mistral's own form");
    }
    try (DirectoryStream<Path> all =
        Files.newDirectoryStream(folder, "{*.tiktoken,tiktoken.model}")) {
      for (Path file : all) {
        throw fault(file, "a tiktoken vocabulary");
      }
    } catch (IOException e) {
      throw InputException.unreadable(folder, e);
    }
  }

  private static InputException fault(Path file, String what) {
    return InputException.in(file)
        .problem("is " + what + ", which is not read, and there is no tokenizer.json beside it")
        .hint(
            "make one with transformers 5.24 or later, whose AutoTokenizer.from_pretrained and"
                + " save_pretrained write it, or take that of the model's page")
        .exception();
  }
}

package dev.ashlar.text.tokenizer;

import dev.ashlar.io.InputException;
import dev.ashlar.io.file.WholeFile;
import dev.ashlar.io.json.Json;
import dev.ashlar.text.TokenizerSource;
import dev.ashlar.text.tokenizer.folder.Description;
import dev.ashlar.text.tokenizer.folder.ForeignVocabulary;
import dev.ashlar.text.tokenizer.folder.TokenizerFolder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * Opens tokenizers.
 *
 * <p>All methods throw {@link InputException} for what is ill-formed or not supported: a component
 * of unknown type is named, never skipped.
 */
public final class Tokenizers {
  private static final String TEMPLATE = "chat_template.jinja";

  private Tokenizers() {}

  /** The tokenizer of a {@code tokenizer.json}, which says nothing of bos, eos and templates. */
  public static Tokenizer fromJson(Path tokenizerJson) {
    return fromJson(Json.read(tokenizerJson, Json.MAX_DOCUMENT_BYTES), tokenizerJson.toString());
  }

  /**
   * The tokenizer that a parsed {@code tokenizer.json} describes.
   *
   * @param file what to call the document in messages
   */
  public static Tokenizer fromJson(Object json, String file) {
    return new PipelineTokenizer(TokenizerJson.read(json, file), Extras.NONE);
  }

  /**
   * The tokenizer of a model's folder, of all its files: {@code tokenizer.json} or an older
   * vocabulary, and those beside it that say which tokens are added and what goes around a text.
   */
  public static Tokenizer fromFolder(Path folder) {
    Description files = TokenizerFolder.read(folder);
    TokenizerParts parts = TokenizerJson.read(files.document(), files.file());
    String template = text(folder.resolve(TEMPLATE));
    return new PipelineTokenizer(
        parts,
        new Extras(
            parts.id(files.tokens().get("bos_token")),
            parts.id(files.tokens().get("eos_token")),
            template != null ? template : files.template()));
  }

  /**
   * The tokenizer inside a GGUF file, of kind {@code gpt2} or {@code llama}.
   *
   * @param metadata the file's values by key; arrays may be lists or primitive arrays
   */
  public static Tokenizer fromGguf(Map<String, Object> metadata) {
    return fromGguf(metadata, "the GGUF metadata");
  }

  /**
   * The tokenizer inside a GGUF file.
   *
   * @param file what to call the file in messages
   */
  public static Tokenizer fromGguf(Map<String, Object> metadata, String file) {
    return new GgufTokenizer(metadata, file).read();
  }

  /** The tokenizer of a sentencepiece model file, a BPE or a unigram one. */
  public static Tokenizer fromSentencePiece(Path model) {
    ForeignVocabulary.refuse(model);
    byte[] bytes = WholeFile.bytes(model, Json.MAX_DOCUMENT_BYTES, "a sentencepiece model");
    return SentencePieceTokenizer.read(bytes, model.toString());
  }

  /** The tokenizer that comes with a checkpoint. */
  public static Tokenizer open(TokenizerSource source) {
    return switch (source) {
      case TokenizerSource.Folder f -> fromFolder(f.folder());
      case TokenizerSource.Metadata m -> fromGguf(m.values(), m.file().toString());
    };
  }

  private static String text(Path file) {
    return Files.exists(file) ? WholeFile.text(file, Json.MAX_CONFIG_BYTES) : null;
  }
}

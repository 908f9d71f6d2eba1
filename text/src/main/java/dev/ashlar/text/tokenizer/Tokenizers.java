package dev.ashlar.text.tokenizer;

import dev.ashlar.io.InputException;
import dev.ashlar.io.file.WholeFile;
import dev.ashlar.io.json.Json;
import dev.ashlar.text.TokenizerSource;
import dev.ashlar.text.tokenizer.config.Node;
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
  private static final String JSON = "tokenizer.json";
  private static final String CONFIG = "tokenizer_config.json";
  private static final String SENTENCEPIECE = "tokenizer.model";
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
   * The tokenizer of a model's folder: {@code tokenizer.json}, or else {@code tokenizer.model},
   * with what {@code tokenizer_config.json} and {@code chat_template.jinja} add to it.
   */
  public static Tokenizer fromFolder(Path folder) {
    Path json = folder.resolve(JSON);
    if (!Files.exists(json)) {
      if (Files.exists(folder.resolve(SENTENCEPIECE))) {
        return fromSentencePiece(folder.resolve(SENTENCEPIECE));
      }
      throw InputException.in(folder)
          .problem("has neither a " + JSON + " nor a " + SENTENCEPIECE)
          .hint("tokenizers in other files are not supported")
          .exception();
    }
    TokenizerParts parts =
        TokenizerJson.read(Json.read(json, Json.MAX_DOCUMENT_BYTES), json.toString());
    Path config = folder.resolve(CONFIG);
    String template = text(folder.resolve(TEMPLATE));
    Object values = Files.exists(config) ? Json.readObject(config) : Map.of();
    Node node = new Node(config.toString(), "", values);
    Extras extras = TokenizerJson.extras(node, new PipelineTokenizer(parts, Extras.NONE), template);
    return new PipelineTokenizer(TokenizerJson.withConfiguredEnds(parts, node, extras), extras);
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

package dev.ashlar.text.tokenizer.model;

import dev.ashlar.text.tokenizer.config.Node;
import java.util.Map;
import java.util.function.Function;

/** The list of models by the name they have in tokenizer files. */
public final class TokenModels {
  private static final Map<String, Function<Node, TokenModel>> ALL =
      Map.of(
          "BPE", Bpe::read,
          "Unigram", Unigram::read,
          "WordPiece", WordPiece::read,
          "WordLevel", WordLevel::read);

  private TokenModels() {}

  /** The model an object describes; old files leave out the type of a byte pair encoding. */
  public static TokenModel read(Node node) {
    if (node.isNull()) {
      throw node.expected("a model");
    }
    if (node.get("type").isNull() && !node.get("merges").isNull()) {
      return Bpe.read(node);
    }
    return node.component("model type", ALL);
  }
}

package dev.ashlar.text.tokenizer;

import dev.ashlar.io.json.Json;
import dev.ashlar.text.tokenizer.config.Node;
import dev.ashlar.text.tokenizer.decode.TokenDecoders;
import dev.ashlar.text.tokenizer.model.TokenIds;
import dev.ashlar.text.tokenizer.model.TokenModel;
import dev.ashlar.text.tokenizer.model.TokenModels;
import dev.ashlar.text.tokenizer.normalize.Normalizers;
import dev.ashlar.text.tokenizer.post.PostProcessors;
import dev.ashlar.text.tokenizer.split.PreTokenizers;
import java.util.ArrayList;
import java.util.List;

/** Reads Hugging Face's {@code tokenizer.json}. */
final class TokenizerJson {
  /** No vocabulary is this large; vectors of one score per id must stay possible. */
  private static final int MAX_ID = 1 << 28;

  private TokenizerJson() {}

  /** The parts that the document {@code json} describes, called {@code file} in messages. */
  static TokenizerParts read(Object json, String file) {
    Node root = new Node(file, "", Json.asObject(json, file));
    TokenModel model = TokenModels.read(root.get("model"));
    return new TokenizerParts(
        added(root, model),
        Normalizers.read(root.get("normalizer")),
        PreTokenizers.read(root.get("pre_tokenizer")),
        model,
        PostProcessors.read(root.get("post_processor")),
        TokenDecoders.read(root.get("decoder")));
  }

  private static List<AddedToken> added(Node root, TokenModel model) {
    if (root.get("added_tokens").isNull()) {
      return List.of();
    }
    TokenIds.requireSize(root.get("added_tokens"), root.get("added_tokens").list().size());
    List<AddedToken> added = new ArrayList<>();
    for (Node node : root.nodes("added_tokens")) {
      AddedToken token = AddedToken.read(node);
      if (token.id() >= MAX_ID) {
        throw node.get("id").expected("an id below " + MAX_ID);
      }
      if (!token.content().isEmpty()) {
        int known = model.tokens().id(token.content());
        added.add(known < 0 ? token : token.withId(known));
      }
    }
    return List.copyOf(added);
  }
}

package dev.ashlar.text.tokenizer;

import dev.ashlar.io.json.Json;
import dev.ashlar.text.tokenizer.config.Node;
import dev.ashlar.text.tokenizer.decode.TokenDecoders;
import dev.ashlar.text.tokenizer.model.TokenModel;
import dev.ashlar.text.tokenizer.model.TokenModels;
import dev.ashlar.text.tokenizer.normalize.Normalizers;
import dev.ashlar.text.tokenizer.post.PostProcessors;
import dev.ashlar.text.tokenizer.split.PreTokenizers;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Reads Hugging Face's {@code tokenizer.json} and {@code tokenizer_config.json}. */
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

  /**
   * What {@code config} says of the tokens of {@code tokenizer}.
   *
   * @param template the template of a file of its own, or null
   */
  static Extras extras(Node config, Tokenizer tokenizer, String template) {
    return new Extras(
        special(config, "bos_token", tokenizer),
        special(config, "eos_token", tokenizer),
        template != null ? template : template(config.get("chat_template")));
  }

  /**
   * The parts with the opening and closing tokens that {@code config} asks for. Transformers'
   * classes for Llama, Gemma and Cohere build them from these flags, whatever {@code
   * tokenizer.json} says of them; files of such models exist whose two halves disagree (DeepSeek's,
   * for one).
   */
  static TokenizerParts withConfiguredEnds(TokenizerParts parts, Node config, Extras extras) {
    Node type = config.get("tokenizer_class");
    boolean configured =
        !type.isNull() && type.string().matches("(Llama|CodeLlama|Gemma|Cohere)Tokenizer(Fast)?");
    if (!configured || config.get("add_bos_token").isNull()) {
      return parts;
    }
    boolean opens = config.flag("add_bos_token") && extras.bos() >= 0;
    boolean ends = config.flag("add_eos_token", false) && extras.eos() >= 0;
    return new TokenizerParts(
        parts.added(),
        parts.normalizer(),
        parts.preTokenizer(),
        parts.model(),
        PostProcessors.around(
            opens ? List.of(extras.bos()) : List.of(), ends ? List.of(extras.eos()) : List.of()),
        parts.decoder());
  }

  /** The id of a token given as a string or as an object with its content; -1 if there is none. */
  private static int special(Node config, String key, Tokenizer tokenizer) {
    Node token = config.get(key);
    if (token.isNull()) {
      return -1;
    }
    String content = token.value() instanceof Map ? token.string("content") : token.string();
    return tokenizer.id(content).orElse(-1);
  }

  /** A template is a string, or a list of named ones of which {@code default} is meant. */
  private static String template(Node node) {
    if (node.isNull() || node.value() instanceof String) {
      return (String) node.value();
    }
    String found = null;
    for (Object element : node.list()) {
      Node named = new Node(node.file(), node.path(), element);
      if (named.string("name").equals("default")) {
        found = named.string("template");
      }
    }
    return found;
  }
}

package dev.ashlar.text.tokenizer;

import dev.ashlar.text.tokenizer.decode.TokenDecoder;
import dev.ashlar.text.tokenizer.model.TokenModel;
import dev.ashlar.text.tokenizer.normalize.Normalizer;
import dev.ashlar.text.tokenizer.post.PostProcessor;
import dev.ashlar.text.tokenizer.split.PreTokenizer;
import java.util.List;

/** What a tokenizer is put together from. */
record TokenizerParts(
    List<AddedToken> added,
    Normalizer normalizer,
    PreTokenizer preTokenizer,
    TokenModel model,
    PostProcessor postProcessor,
    TokenDecoder decoder) {
  /** The id of a token, added or of the model; -1 if there is none, or no token. */
  int id(String token) {
    for (AddedToken one : added) {
      if (one.content().equals(token)) {
        return one.id();
      }
    }
    return token == null ? -1 : model.tokens().id(token);
  }
}

package dev.ashlar.engine.model;

import dev.ashlar.io.InputException;
import dev.ashlar.text.tokenizer.StreamDecoder;
import dev.ashlar.text.tokenizer.Tokenizer;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A tokenizer that knows more tokens than its model's embedding has rows: harmless as long as no
 * text holds one of those, which is refused where it is read.
 *
 * @param model what the model was opened from
 * @param rows of the embedding
 */
record KnownTokens(Tokenizer tokenizer, Path model, int rows) implements Tokenizer {
  /** Refuses the first of {@code ids} that has no row. */
  int[] require(int[] ids) {
    for (int id : ids) {
      if (id < 0 || id >= rows) {
        throw fault(model, rows, id, Optional.ofNullable(tokenizer.token(id)));
      }
    }
    return ids;
  }

  /** What is said of an id without a row. */
  static InputException fault(Path model, int rows, int id, Optional<String> token) {
    return InputException.in(model)
        .place("tokenizer")
        .expected("ids below " + rows + ", as many as the model's embedding has rows")
        .found("id " + id + token.map(t -> " for the token \"" + t + "\"").orElse(""))
        .hint("leave it out of the text, or take the tokenizer that belongs to the model")
        .exception();
  }

  /** Whether some token has no row. */
  boolean exceeds() {
    return tokenizer.vocabSize() > rows;
  }

  /** What to tell whoever opens the two. */
  String warning() {
    return "the tokenizer knows ids up to "
        + (tokenizer.vocabSize() - 1)
        + ", and the model's embedding has "
        + rows
        + " rows; a text that holds a token from id "
        + rows
        + " on is refused";
  }

  @Override
  public int[] encode(String text) {
    return require(tokenizer.encode(text));
  }

  @Override
  public int[] encode(String text, boolean addSpecial) {
    return require(tokenizer.encode(text, addSpecial));
  }

  @Override
  public String decode(int[] ids) {
    return tokenizer.decode(ids);
  }

  @Override
  public String decode(int[] ids, boolean keepSpecial) {
    return tokenizer.decode(ids, keepSpecial);
  }

  @Override
  public StreamDecoder stream() {
    return tokenizer.stream();
  }

  @Override
  public int vocabSize() {
    return tokenizer.vocabSize();
  }

  @Override
  public OptionalInt bos() {
    return tokenizer.bos();
  }

  @Override
  public OptionalInt eos() {
    return tokenizer.eos();
  }

  @Override
  public OptionalInt id(String token) {
    return tokenizer.id(token);
  }

  @Override
  public boolean isSpecial(int id) {
    return tokenizer.isSpecial(id);
  }

  @Override
  public String token(int id) {
    return tokenizer.token(id);
  }

  @Override
  public Optional<String> chatTemplate() {
    return tokenizer.chatTemplate();
  }
}

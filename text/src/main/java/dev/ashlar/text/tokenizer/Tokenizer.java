package dev.ashlar.text.tokenizer;

import java.util.Optional;
import java.util.OptionalInt;

/** Text to token ids and back; immutable, and safe to share between threads. */
public interface Tokenizer {
  /** The ids of a text, special tokens written in it included, without any around it. */
  int[] encode(String text);

  /**
   * The ids of a text.
   *
   * @param addSpecial whether the tokens that open and close a text are put around it
   */
  int[] encode(String text, boolean addSpecial);

  /** The text of ids, without special tokens; ids outside the vocabulary are left out. */
  String decode(int[] ids);

  /**
   * The text of ids.
   *
   * @param keepSpecial whether special tokens appear in it
   */
  String decode(int[] ids, boolean keepSpecial);

  /** Decodes ids one by one, without special tokens. */
  StreamDecoder stream();

  /** One more than the largest id. */
  int vocabSize();

  /** The id that opens a text, if the model has one. */
  OptionalInt bos();

  /** The id that ends a text, if the model has one. */
  OptionalInt eos();

  /** The id of a token, spelled as in the vocabulary. */
  OptionalInt id(String token);

  /** Whether an id is a special token's. */
  boolean isSpecial(int id);

  /** The token of an id, spelled as in the vocabulary; null if there is none. */
  String token(int id);

  /** The template that renders a conversation, if one comes with the tokenizer. */
  Optional<String> chatTemplate();
}

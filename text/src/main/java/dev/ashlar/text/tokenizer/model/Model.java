package dev.ashlar.text.tokenizer.model;

/** A vocabulary with the rules by which text becomes its tokens. */
public interface Model {
  /** The tokens and their ids. */
  TokenTable tokens();

  /** The encoder of pieces as they are. */
  Encoder overText();

  /**
   * The encoder of pieces whose bytes the vocabulary spells in GPT-2's alphabet while the pieces do
   * not, or null if there is none and pieces must be spelled for {@link #overText()}.
   */
  default Encoder overBytes() {
    return null;
  }
}

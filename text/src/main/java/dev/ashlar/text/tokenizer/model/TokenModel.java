package dev.ashlar.text.tokenizer.model;

/** A vocabulary with the rules by which text becomes its tokens. */
public interface TokenModel {
  /** The tokens and their ids. */
  TokenIds tokens();

  /** The encoder of pieces as they are. */
  PieceEncoder overText();

  /**
   * The encoder of pieces whose bytes the vocabulary spells in GPT-2's alphabet while the pieces do
   * not, or null if there is none and pieces must be spelled for {@link #overText()}.
   */
  default PieceEncoder overBytes() {
    return null;
  }
}

package dev.ashlar.text.tokenizer.model;

/**
 * A byte pair encoding.
 *
 * @param unknown the id for unknown characters, or -1 to leave them out
 * @param fuse whether adjacent unknown characters are one token
 * @param byteFallback whether unknown characters become bytes where there are tokens for them
 * @param prefix put before every character but the first of a piece
 * @param suffix put after the last character of a piece
 * @param ignoreMerges whether a piece that is a token is that token
 */
record BpeModel(
    TokenIds tokens,
    Merges merges,
    int unknown,
    boolean fuse,
    boolean byteFallback,
    String prefix,
    String suffix,
    boolean ignoreMerges)
    implements TokenModel {
  /** Whether characters are tokens as they are. */
  boolean isPlain() {
    return prefix.isEmpty() && suffix.isEmpty();
  }

  @Override
  public PieceEncoder overText() {
    return new CharBpe(this);
  }

  @Override
  public PieceEncoder overBytes() {
    return isPlain() ? ByteBpe.of(tokens, merges, ignoreMerges) : null;
  }
}

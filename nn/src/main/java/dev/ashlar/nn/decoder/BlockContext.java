package dev.ashlar.nn.decoder;

/**
 * Where the rows of a hidden state stand: a batch of sequences of equal length, perhaps padded on
 * the left, perhaps continuing what a cache holds. Immutable.
 */
public final class BlockContext {
  private final int batch;
  private final int length;
  private final int start;
  private final int horizon;
  private final int[] firstKey;
  private final KvCache cache;
  private final int[] positions;

  private BlockContext(
      int batch, int length, int start, int horizon, int[] firstKey, KvCache cache) {
    this.batch = batch;
    this.length = length;
    this.start = start;
    this.horizon = horizon;
    this.firstKey = firstKey;
    this.cache = cache;
    this.positions = new int[Math.multiplyExact(batch, length)];
    for (int b = 0; b < batch; b++) {
      int first = firstKey == null ? 0 : firstKey[b];
      for (int i = 0; i < length; i++) {
        positions[b * length + i] = Math.max(0, start + i - first);
      }
    }
  }

  /** {@code batch} whole sequences of {@code length} tokens, without padding or cache. */
  public static BlockContext of(int batch, int length) {
    if (batch < 1 || length < 1) {
      throw new IllegalArgumentException("batch " + batch + ", length " + length);
    }
    return new BlockContext(batch, length, 0, length, null, null);
  }

  /**
   * The same with sequences that begin late.
   *
   * @param firstKey for each sequence the index of its first token, whatever is before it being
   *     padding; copied
   */
  public BlockContext leftPadded(int[] firstKey) {
    if (firstKey.length != batch) {
      throw new IllegalArgumentException(firstKey.length + " paddings for a batch of " + batch);
    }
    return new BlockContext(batch, length, start, horizon, firstKey.clone(), cache);
  }

  /** The same as a continuation of what {@code cache} holds; keys and values are added to it. */
  public BlockContext withCache(KvCache cache) {
    if (cache.batch() != batch) {
      throw new IllegalArgumentException(
          "a cache for a batch of " + cache.batch() + " in a context of " + batch);
    }
    int from = cache.length();
    return new BlockContext(batch, length, from, from + length, firstKey, cache);
  }

  /**
   * The same as a part of sequences that will have {@code horizon} tokens: rotary embeddings that
   * depend on the length of the sequence then do not depend on how it is fed.
   */
  public BlockContext withHorizon(int horizon) {
    return new BlockContext(
        batch, length, start, Math.max(horizon, start + length), firstKey, cache);
  }

  public int batch() {
    return batch;
  }

  /** Tokens of each sequence that are computed now. */
  public int length() {
    return length;
  }

  /** Tokens of each sequence that came before. */
  public int start() {
    return start;
  }

  /** Tokens of each sequence now and before. */
  public int keys() {
    return start + length;
  }

  /** The length of the sequences that counts for length-dependent rotary embeddings. */
  public int horizon() {
    return horizon;
  }

  /** Index of the first token of each sequence, or null if none is padded; not to be changed. */
  int[] firstKey() {
    return firstKey;
  }

  /** Position of each row, {@code [batch·length]}; not to be changed. */
  int[] positions() {
    return positions;
  }

  /** Where keys and values are kept, or null. */
  public KvCache cache() {
    return cache;
  }
}

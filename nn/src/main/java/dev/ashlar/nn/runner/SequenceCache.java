package dev.ashlar.nn.runner;

/**
 * What a {@link Runner} keeps of the tokens of one sequence. As thread-safe as its runner, which is
 * not at all.
 */
public interface SequenceCache extends AutoCloseable {
  /** Tokens it holds. */
  int length();

  /**
   * Forgets everything from token {@code length} on.
   *
   * @throws IllegalArgumentException if it does not hold so many
   */
  void truncate(int length);

  /**
   * A cache that holds the same tokens and goes its own way from here. Memory is shared as long as
   * neither writes to it.
   */
  SequenceCache fork();

  /** Bytes of memory it uses, those it shares with others included. */
  long byteSize();

  /** Gives the memory back to the runner; the cache cannot be used any more. */
  @Override
  void close();
}

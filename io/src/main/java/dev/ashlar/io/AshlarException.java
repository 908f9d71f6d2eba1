package dev.ashlar.io;

/**
 * Something went wrong that is no bug of the program: the one supertype of all faults of input, of
 * templates and of runs. The message is one sentence, fit to be shown to a person.
 *
 * <p>Arguments that a caller should not have passed are {@link IllegalArgumentException}s instead,
 * and work that was cancelled ends with a {@link java.util.concurrent.CancellationException}.
 */
public abstract class AshlarException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /**
   * A fault.
   *
   * @param sentence what is wrong and, where that is known, what to do about it
   * @param cause the exception underneath, or null
   */
  protected AshlarException(String sentence, Throwable cause) {
    super(sentence, cause);
  }
}

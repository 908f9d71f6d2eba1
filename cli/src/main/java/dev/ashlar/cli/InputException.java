package dev.ashlar.cli;

/**
 * Something a user gave cannot be used: a path, a data set, an output folder, an option's value.
 * The message is one sentence that says what and, where it helps, what to do.
 */
public final class InputException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** With its sentence. */
  public InputException(String sentence) {
    super(sentence);
  }

  /** With its sentence and the exception underneath, kept for {@code --debug}. */
  public InputException(String sentence, Throwable cause) {
    super(sentence, cause);
  }
}

package dev.ashlar.text.chat;

import dev.ashlar.io.AshlarException;
import dev.ashlar.text.jinja.value.TemplateException;
import java.io.Serial;

/**
 * A chat template that cannot be read or rendered: the one exception for faulty templates and for
 * conversations that a template refuses. Its message is one sentence.
 */
public final class ChatTemplateException extends AshlarException {
  @Serial private static final long serialVersionUID = 1;

  private final String file;
  private final int line;
  private final String problem;
  private final boolean refusal;

  ChatTemplateException(String file, TemplateException cause) {
    super(sentence(file, cause), cause);
    this.file = file;
    this.line = cause.line();
    this.problem = cause.problem();
    this.refusal = cause.kind() == TemplateException.Kind.RAISED;
  }

  private static String sentence(String file, TemplateException e) {
    String where = file + ": the chat template, line " + e.line();
    String text = e.problem().replaceAll("\\s*\\R\\s*", " ");
    return switch (e.kind()) {
      case RAISED -> where + ", refuses this conversation: " + text;
      case SYNTAX -> where + ", cannot be read: " + text;
      case RUNTIME -> where + ", fails: " + text;
      case LIMIT -> where + ", needs more than a template may have: " + text;
    };
  }

  /** Where the template comes from. */
  public String file() {
    return file;
  }

  /** The line of the template, counted from 1; 0 if the fault has none. */
  public int line() {
    return line;
  }

  /** What is wrong, without file and line; the template's own words if it refuses. */
  public String problem() {
    return problem;
  }

  /** Whether the template itself refuses the conversation, which another one may not meet. */
  public boolean isRefusal() {
    return refusal;
  }
}

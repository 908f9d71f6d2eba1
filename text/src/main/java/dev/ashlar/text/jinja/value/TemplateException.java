package dev.ashlar.text.jinja.value;

/** A template that cannot be read or rendered. */
public final class TemplateException extends RuntimeException {
  private static final long serialVersionUID = 1;
  private static final int LONGEST = 2000;

  /** What kind of fault it is. */
  public enum Kind {
    /** The template is ill-formed or uses what is not known. */
    SYNTAX,
    /** An operation failed on the values it was given. */
    RUNTIME,
    /** The template needs more than it may have. */
    LIMIT,
    /** The template itself refused, by {@code raise_exception}. */
    RAISED
  }

  private final Kind kind;
  private final String problem;
  private final int line;

  /**
   * A fault.
   *
   * @param problem what is wrong, as a clause
   * @param line the line of the template, counted from 1; 0 if not known
   */
  public TemplateException(Kind kind, String problem, int line) {
    super(line > 0 ? "line " + line + ": " + cut(problem) : cut(problem));
    this.kind = kind;
    this.problem = cut(problem);
    this.line = line;
  }

  /** A failed operation, at a line that will be added on the way up. */
  public TemplateException(String problem) {
    this(Kind.RUNTIME, problem, 0);
  }

  public Kind kind() {
    return kind;
  }

  /** The message without the line. */
  public String problem() {
    return problem;
  }

  /** The line of the template, or 0. */
  public int line() {
    return line;
  }

  /** The same fault at {@code where}, unless its line is known. */
  public TemplateException at(int where) {
    return line > 0 ? this : new TemplateException(kind, problem, where);
  }

  private static String cut(String text) {
    return text.length() <= LONGEST ? text : text.substring(0, LONGEST) + "…";
  }
}

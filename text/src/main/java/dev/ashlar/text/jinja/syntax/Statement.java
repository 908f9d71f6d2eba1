package dev.ashlar.text.jinja.syntax;

import dev.ashlar.text.jinja.syntax.Expression.FilterCall;
import java.util.List;
import java.util.Set;

/** Something that is done. */
public sealed interface Statement {
  int line();

  /** Text as it is. */
  record Data(String text, int line) implements Statement {}

  /** {@code {{ value }}}. */
  record Print(Expression value, int line) implements Statement {}

  /** {@code if}, {@code elif} and {@code else}. */
  record If(List<Branch> branches, List<Statement> otherwise, int line) implements Statement {}

  /** A test and what is done if it holds. */
  record Branch(Expression test, List<Statement> body) {}

  /**
   * {@code for}.
   *
   * @param filter the test after {@code if}, or null
   * @param otherwise done if there was no element; may be null
   */
  record For(
      Target target,
      Expression elements,
      Expression filter,
      List<Statement> body,
      List<Statement> otherwise,
      boolean recursive,
      int line)
      implements Statement {}

  /** {@code set a = b}. */
  record Assign(Target target, Expression value, int line) implements Statement {}

  /** {@code set a} … {@code endset}. */
  record Capture(Target target, List<FilterCall> filters, List<Statement> body, int line)
      implements Statement {}

  /** {@code macro}. */
  record MacroDefinition(String name, Signature signature, List<Statement> body, int line)
      implements Statement {}

  /** {@code call(parameters) macro(arguments)} … {@code endcall}. */
  record CallBlock(Expression.Call call, Signature signature, List<Statement> body, int line)
      implements Statement {}

  /** {@code filter a|b} … {@code endfilter}. */
  record FilterBlock(List<FilterCall> filters, List<Statement> body, int line)
      implements Statement {}

  /** {@code with a = b}. */
  record With(List<Target> targets, List<Expression> values, List<Statement> body, int line)
      implements Statement {}

  /** A body with variables of its own: {@code generation}, {@code block}. */
  record Scoped(List<Statement> body, int line) implements Statement {}

  /** {@code break}. */
  record Break(int line) implements Statement {}

  /** {@code continue}. */
  record Continue(int line) implements Statement {}

  /**
   * Parameters of a macro.
   *
   * @param defaults of the last parameters
   * @param implied which of {@code caller}, {@code kwargs} and {@code varargs} the body names
   */
  record Signature(List<String> names, List<Expression> defaults, Set<String> implied) {}

  /** What can be assigned to. */
  sealed interface Target {
    /** A variable. */
    record Variable(String name) implements Target {}

    /** Several at once. */
    record Several(List<Target> targets) implements Target {}

    /** An attribute of a namespace. */
    record Field(String namespace, String name) implements Target {}
  }
}

package dev.ashlar.text.jinja.syntax;

import java.util.List;

/** Something that has a value. */
public sealed interface Expression {
  /** The line it begins on, counted from 1. */
  int line();

  /** A literal. */
  record Constant(Object value, int line) implements Expression {}

  /** A variable. */
  record Name(String name, int line) implements Expression {}

  /** {@code [a, b]}. */
  record ListLiteral(List<Expression> items, int line) implements Expression {}

  /** {@code (a, b)}. */
  record TupleLiteral(List<Expression> items, int line) implements Expression {}

  /** {@code {a: b}}. */
  record MapLiteral(List<Expression> keys, List<Expression> values, int line)
      implements Expression {}

  /** {@code -a}, {@code +a}. */
  record Signed(String operator, Expression operand, int line) implements Expression {}

  /** {@code not a}. */
  record Not(Expression operand, int line) implements Expression {}

  /** {@code a and b}: the operand that decides. */
  record And(Expression left, Expression right, int line) implements Expression {}

  /** {@code a or b}: the operand that decides. */
  record Or(Expression left, Expression right, int line) implements Expression {}

  /** Arithmetic. */
  record Binary(String operator, Expression left, Expression right, int line)
      implements Expression {}

  /** {@code a ~ b ~ c}. */
  record Concat(List<Expression> parts, int line) implements Expression {}

  /** {@code a < b <= c}; operators are also {@code in} and {@code not in}. */
  record Compare(Expression first, List<String> operators, List<Expression> others, int line)
      implements Expression {}

  /** {@code a if test else b}; {@code otherwise} may be null. */
  record Conditional(Expression test, Expression then, Expression otherwise, int line)
      implements Expression {}

  /** {@code a.name}. */
  record Attribute(Expression object, String name, int line) implements Expression {}

  /** {@code a[key]}. */
  record Item(Expression object, Expression key, int line) implements Expression {}

  /** {@code a[from:to:step]}; bounds may be null. */
  record Slice(Expression object, Expression from, Expression to, Expression step, int line)
      implements Expression {}

  /** {@code callee(arguments)}. */
  record Call(Expression callee, CallArguments arguments, int line) implements Expression {}

  /** {@code input | filter}. */
  record Filtered(Expression input, FilterCall filter, int line) implements Expression {}

  /** {@code subject is test}. */
  record Tested(Expression subject, String test, CallArguments arguments, boolean negated, int line)
      implements Expression {}

  /** A filter with its arguments. */
  record FilterCall(String name, CallArguments arguments, int line) {}

  /**
   * Arguments of a call.
   *
   * @param list the argument after {@code *}, or null
   * @param map the argument after {@code **}, or null
   */
  record CallArguments(
      List<Expression> positional,
      List<String> names,
      List<Expression> named,
      Expression list,
      Expression map) {
    static final CallArguments NONE =
        new CallArguments(List.of(), List.of(), List.of(), null, null);
  }
}

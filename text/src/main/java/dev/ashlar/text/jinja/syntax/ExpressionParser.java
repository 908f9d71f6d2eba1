package dev.ashlar.text.jinja.syntax;

import dev.ashlar.text.jinja.syntax.Expression.CallArguments;
import dev.ashlar.text.jinja.syntax.Expression.FilterCall;
import dev.ashlar.text.jinja.syntax.Token.Kind;
import dev.ashlar.text.jinja.value.TemplateException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Makes expressions of tokens: one method per level of precedence, loosest first. */
final class ExpressionParser {
  private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=");
  private static final Set<String> AFTER_TEST = Set.of("else", "or", "and");

  private final TokenStream tokens;
  private final Vocabulary vocabulary;
  private final OperandParser operands;
  private final Set<String> used = new HashSet<>();
  private final List<TemplateException> unknown = new ArrayList<>();
  private int conditions;

  ExpressionParser(TokenStream tokens, Vocabulary vocabulary) {
    this.tokens = tokens;
    this.vocabulary = vocabulary;
    this.operands = new OperandParser(tokens, this, used);
  }

  /** All names read so far. */
  Set<String> used() {
    return used;
  }

  /**
   * Filters and tests that nobody knows, but for those that only a condition leads to: templates
   * name what some engines have behind a check.
   */
  List<TemplateException> unknown() {
    return unknown;
  }

  /** From here on, until {@code false}, what is parsed may never be evaluated. */
  void conditional(boolean on) {
    conditions += on ? 1 : -1;
  }

  /** One expression. */
  Expression expression() {
    tokens.enter();
    int known = unknown.size();
    Expression e = or();
    while (tokens.current().isName("if")) {
      int line = tokens.next().line();
      Expression test = or();
      Expression otherwise = tokens.skipName("else") ? expression() : null;
      e = new Expression.Conditional(test, e, otherwise, line);
      unknown.subList(known, unknown.size()).clear();
    }
    tokens.leave();
    return e;
  }

  /** An expression that an {@code if} ends, or several with commas between them. */
  Expression tuple(boolean conditional) {
    Token first = tokens.current();
    List<Expression> items = new ArrayList<>();
    while (true) {
      if (!items.isEmpty() && endsTuple()) {
        break;
      }
      items.add(conditional ? expression() : or());
      if (!tokens.skipOperator(",")) {
        if (items.size() == 1) {
          return items.getFirst();
        }
        break;
      }
    }
    return new Expression.TupleLiteral(items, first.line());
  }

  private boolean endsTuple() {
    Token t = tokens.current();
    return t.kind() == Kind.TAG_END
        || t.kind() == Kind.PRINT_END
        || t.isOperator(")")
        || t.isName("recursive");
  }

  /** An expression without an inline condition. */
  Expression or() {
    Expression left = and();
    while (tokens.current().isName("or")) {
      int line = tokens.next().line();
      left = new Expression.Or(left, and(), line);
    }
    return left;
  }

  private Expression and() {
    Expression left = not();
    while (tokens.current().isName("and")) {
      int line = tokens.next().line();
      left = new Expression.And(left, not(), line);
    }
    return left;
  }

  private Expression not() {
    if (!tokens.current().isName("not")) {
      return compare();
    }
    int line = tokens.next().line();
    tokens.enter();
    Expression operand = not();
    tokens.leave();
    return new Expression.Not(operand, line);
  }

  private Expression compare() {
    Expression first = sum();
    List<String> operators = new ArrayList<>();
    List<Expression> others = new ArrayList<>();
    while (true) {
      Token t = tokens.current();
      if (t.kind() == Kind.OPERATOR && COMPARISONS.contains(t.text())) {
        operators.add(tokens.next().text());
      } else if (tokens.skipName("in")) {
        operators.add("in");
      } else if (t.isName("not") && tokens.ahead().isName("in")) {
        tokens.next();
        tokens.next();
        operators.add("not in");
      } else {
        return operators.isEmpty()
            ? first
            : new Expression.Compare(first, operators, others, first.line());
      }
      others.add(sum());
    }
  }

  private Expression sum() {
    Expression left = concat();
    while (tokens.current().isOperator("+") || tokens.current().isOperator("-")) {
      Token operator = tokens.next();
      left = new Expression.Binary(operator.text(), left, concat(), operator.line());
    }
    return left;
  }

  private Expression concat() {
    Expression first = product();
    if (!tokens.current().isOperator("~")) {
      return first;
    }
    List<Expression> parts = new ArrayList<>(List.of(first));
    while (tokens.skipOperator("~")) {
      parts.add(product());
    }
    return new Expression.Concat(parts, first.line());
  }

  private Expression product() {
    Expression left = power();
    while (tokens.current().kind() == Kind.OPERATOR
        && Set.of("*", "/", "//", "%").contains(tokens.current().text())) {
      Token operator = tokens.next();
      left = new Expression.Binary(operator.text(), left, power(), operator.line());
    }
    return left;
  }

  private Expression power() {
    Expression left = unary(true);
    while (tokens.current().isOperator("**")) {
      Token operator = tokens.next();
      left = new Expression.Binary("**", left, unary(true), operator.line());
    }
    return left;
  }

  private Expression unary(boolean filters) {
    Token t = tokens.current();
    Expression e;
    if (t.isOperator("-") || t.isOperator("+")) {
      tokens.next();
      tokens.enter();
      e = new Expression.Signed(t.text(), unary(false), t.line());
      tokens.leave();
    } else {
      e = operands.primary();
    }
    e = operands.postfix(e);
    return filters ? suffixes(e) : e;
  }

  /** The arguments of a call, from its parenthesis on. */
  CallArguments arguments() {
    return operands.arguments();
  }

  /** Filters, tests and calls behind an expression. */
  private Expression suffixes(Expression start) {
    Expression e = start;
    while (true) {
      Token t = tokens.current();
      if (t.isOperator("|")) {
        tokens.next();
        e = new Expression.Filtered(e, filter(), t.line());
      } else if (t.isName("is")) {
        tokens.next();
        e = test(e, t.line());
      } else if (t.isOperator("(")) {
        e = new Expression.Call(e, arguments(), t.line());
      } else {
        return e;
      }
    }
  }

  /** A chain of filters without an input. */
  List<FilterCall> filters() {
    List<FilterCall> filters = new ArrayList<>();
    do {
      filters.add(filter());
    } while (tokens.skipOperator("|"));
    return filters;
  }

  private FilterCall filter() {
    Token first = tokens.current();
    String name = dottedName("a filter");
    requireKnown("filter", name, vocabulary.filters(), first);
    boolean called = tokens.current().isOperator("(");
    return new FilterCall(name, called ? arguments() : CallArguments.NONE, first.line());
  }

  private Expression test(Expression subject, int line) {
    boolean negated = tokens.skipName("not");
    Token first = tokens.current();
    String name = dottedName("a test");
    requireKnown("test", name, vocabulary.tests(), first);
    CallArguments arguments = CallArguments.NONE;
    Token t = tokens.current();
    if (t.isOperator("(")) {
      arguments = arguments();
    } else if (beginsArgument(t)) {
      if (t.isName("is")) {
        throw tokens.fault("tests cannot be chained with 'is'");
      }
      Expression argument = operands.postfix(operands.primary());
      arguments = new CallArguments(List.of(argument), List.of(), List.of(), null, null);
    }
    return new Expression.Tested(subject, name, arguments, negated, line);
  }

  private static boolean beginsArgument(Token t) {
    return switch (t.kind()) {
      case NAME -> !AFTER_TEST.contains(t.text());
      case STRING, INTEGER, FLOAT -> true;
      default -> t.isOperator("[") || t.isOperator("{");
    };
  }

  private String dottedName(String what) {
    StringBuilder name = new StringBuilder(tokens.expect(Kind.NAME, what).text());
    while (tokens.skipOperator(".")) {
      name.append('.').append(tokens.expect(Kind.NAME, what).text());
    }
    return name.toString();
  }

  private void requireKnown(String kind, String name, Set<String> known, Token at) {
    if (!known.contains(name) && conditions == 0) {
      String problem = "there is no " + kind + " '" + name + "'";
      unknown.add(new TemplateException(TemplateException.Kind.SYNTAX, problem, at.line()));
    }
  }
}

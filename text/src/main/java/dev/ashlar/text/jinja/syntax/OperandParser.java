package dev.ashlar.text.jinja.syntax;

import dev.ashlar.text.jinja.syntax.Expression.CallArguments;
import dev.ashlar.text.jinja.syntax.Token.Kind;
import dev.ashlar.text.jinja.value.Numbers;
import dev.ashlar.text.jinja.value.TemplateException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** What operators stand between: constants, names, brackets, and what may follow at once. */
final class OperandParser {
  private final TokenStream tokens;
  private final ExpressionParser whole;
  private final Set<String> used;

  /**
   * @param whole parses what stands in brackets
   * @param used receives the names that are read
   */
  OperandParser(TokenStream tokens, ExpressionParser whole, Set<String> used) {
    this.tokens = tokens;
    this.whole = whole;
    this.used = used;
  }

  /** A constant, a name, or something in brackets. */
  Expression primary() {
    Token t = tokens.next();
    return switch (t.kind()) {
      case NAME -> named(t);
      case STRING -> {
        StringBuilder text = new StringBuilder(t.text());
        while (tokens.current().kind() == Kind.STRING) {
          text.append(tokens.next().text());
        }
        yield new Expression.Constant(text.toString(), t.line());
      }
      case INTEGER -> new Expression.Constant(Numbers.parseWhole(t.text(), 0), t.line());
      case FLOAT -> new Expression.Constant(Numbers.parseDouble(t.text()), t.line());
      case OPERATOR -> bracketed(t);
      default -> throw unexpected(t);
    };
  }

  private Expression named(Token t) {
    return switch (t.text()) {
      case "true", "True" -> new Expression.Constant(true, t.line());
      case "false", "False" -> new Expression.Constant(false, t.line());
      case "none", "None" -> new Expression.Constant(null, t.line());
      default -> {
        used.add(t.text());
        yield new Expression.Name(t.text(), t.line());
      }
    };
  }

  private Expression bracketed(Token t) {
    return switch (t.text()) {
      case "(" -> {
        if (tokens.skipOperator(")")) {
          yield new Expression.TupleLiteral(List.of(), t.line());
        }
        Expression e = whole.tuple(true);
        tokens.expectOperator(")");
        yield e;
      }
      case "[" -> {
        List<Expression> items = new ArrayList<>();
        while (!tokens.skipOperator("]")) {
          separate(items);
          if (tokens.skipOperator("]")) {
            break;
          }
          items.add(whole.expression());
        }
        yield new Expression.ListLiteral(items, t.line());
      }
      case "{" -> map(t);
      default -> throw unexpected(t);
    };
  }

  private Expression map(Token t) {
    List<Expression> keys = new ArrayList<>();
    List<Expression> values = new ArrayList<>();
    while (!tokens.skipOperator("}")) {
      separate(keys);
      if (tokens.skipOperator("}")) {
        break;
      }
      keys.add(whole.expression());
      tokens.expectOperator(":");
      values.add(whole.expression());
    }
    return new Expression.MapLiteral(keys, values, t.line());
  }

  private void separate(List<Expression> before) {
    if (!before.isEmpty()) {
      tokens.expectOperator(",");
    }
  }

  /** Attributes, items and calls behind an operand. */
  Expression postfix(Expression start) {
    Expression e = start;
    while (true) {
      Token t = tokens.current();
      if (t.isOperator(".")) {
        tokens.next();
        Token name = tokens.next();
        e =
            switch (name.kind()) {
              case NAME -> new Expression.Attribute(e, name.text(), name.line());
              case INTEGER ->
                  new Expression.Item(
                      e,
                      new Expression.Constant(Numbers.parseWhole(name.text(), 0), name.line()),
                      name.line());
              default -> throw unexpected(name);
            };
      } else if (t.isOperator("[")) {
        tokens.next();
        e = subscript(e, t.line());
        tokens.expectOperator("]");
      } else if (t.isOperator("(")) {
        e = new Expression.Call(e, arguments(), t.line());
      } else {
        return e;
      }
    }
  }

  private Expression subscript(Expression object, int line) {
    Expression[] bounds = new Expression[3];
    int colons = 0;
    while (!tokens.current().isOperator("]")) {
      if (tokens.current().isOperator(":") && colons < 2) {
        tokens.next();
        colons++;
      } else if (bounds[colons] == null) {
        bounds[colons] = whole.expression();
      } else {
        throw unexpected(tokens.current());
      }
    }
    if (colons == 0 && bounds[0] == null) {
      throw unexpected(tokens.current());
    }
    return colons == 0
        ? new Expression.Item(object, bounds[0], line)
        : new Expression.Slice(object, bounds[0], bounds[1], bounds[2], line);
  }

  /** The arguments of a call, from its parenthesis on. */
  CallArguments arguments() {
    tokens.expectOperator("(");
    List<Expression> positional = new ArrayList<>();
    List<String> names = new ArrayList<>();
    List<Expression> named = new ArrayList<>();
    Expression list = null;
    Expression map = null;
    boolean first = true;
    while (!tokens.skipOperator(")")) {
      if (!first) {
        tokens.expectOperator(",");
        if (tokens.skipOperator(")")) {
          break;
        }
      }
      first = false;
      Token t = tokens.current();
      if (tokens.skipOperator("*") && list == null && map == null) {
        list = whole.expression();
      } else if (tokens.skipOperator("**") && map == null) {
        map = whole.expression();
      } else if (t.kind() == Kind.NAME && tokens.ahead().isOperator("=") && map == null) {
        names.add(tokens.next().text());
        tokens.next();
        named.add(whole.expression());
      } else if (names.isEmpty() && list == null && map == null) {
        positional.add(whole.expression());
      } else {
        throw tokens.fault("arguments without a name come before the others");
      }
    }
    return new CallArguments(positional, names, named, list, map);
  }

  private static TemplateException unexpected(Token t) {
    return new TemplateException(
        TemplateException.Kind.SYNTAX, "unexpected " + t.shown(), t.line());
  }
}

package dev.ashlar.text.jinja.syntax;

import dev.ashlar.text.jinja.syntax.Token.Kind;
import dev.ashlar.text.jinja.value.TemplateException;
import java.util.List;

/** The tokens of a template, read from left to right. */
final class TokenStream {
  /** Parentheses, brackets and tags inside one another: far beyond what anybody writes. */
  private static final int DEPTH = 100;

  private final List<Token> tokens;
  private int at;
  private int depth;

  TokenStream(List<Token> tokens) {
    this.tokens = tokens;
  }

  Token current() {
    return tokens.get(at);
  }

  Token ahead() {
    return tokens.get(Math.min(at + 1, tokens.size() - 1));
  }

  Token next() {
    Token token = current();
    at = Math.min(at + 1, tokens.size() - 1);
    return token;
  }

  boolean skipName(String name) {
    return current().isName(name) && next() != null;
  }

  boolean skipOperator(String operator) {
    return current().isOperator(operator) && next() != null;
  }

  void expectOperator(String operator) {
    if (!skipOperator(operator)) {
      throw fault("expected '" + operator + "' but found " + current().shown());
    }
  }

  Token expect(Kind kind, String what) {
    if (current().kind() != kind) {
      throw fault("expected " + what + " but found " + current().shown());
    }
    return next();
  }

  void enter() {
    if (++depth > DEPTH) {
      throw fault("more than " + DEPTH + " levels of nesting");
    }
  }

  void leave() {
    depth--;
  }

  TemplateException fault(String problem) {
    return new TemplateException(TemplateException.Kind.SYNTAX, problem, current().line());
  }
}

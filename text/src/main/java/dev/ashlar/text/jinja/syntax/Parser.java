package dev.ashlar.text.jinja.syntax;

import dev.ashlar.text.jinja.syntax.Expression.FilterCall;
import dev.ashlar.text.jinja.syntax.Statement.Signature;
import dev.ashlar.text.jinja.syntax.Statement.Target;
import dev.ashlar.text.jinja.syntax.Token.Kind;
import dev.ashlar.text.jinja.value.TemplateException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Makes statements of a template. */
public final class Parser {
  private static final int LONGEST = 1 << 20;
  private static final Set<String> IMPLIED = Set.of("caller", "kwargs", "varargs");
  private static final Set<String> FOREIGN = Set.of("include", "import", "from", "extends");

  private final TokenStream tokens;
  private final ExpressionParser expressions;
  private int loops;

  private Parser(String template, Vocabulary vocabulary) {
    this.tokens = new TokenStream(Lexer.tokens(template));
    this.expressions = new ExpressionParser(tokens, vocabulary);
  }

  /**
   * The statements of a template.
   *
   * @throws TemplateException if it is ill-formed or uses what is not known
   */
  public static List<Statement> parse(String template, Vocabulary vocabulary) {
    if (template.length() > LONGEST) {
      throw new TemplateException(
          TemplateException.Kind.LIMIT, "it has more than " + LONGEST + " characters", 0);
    }
    Parser parser = new Parser(template, vocabulary);
    List<Statement> statements = parser.body(Set.of(), "", 0);
    if (!parser.expressions.unknown().isEmpty()) {
      throw parser.expressions.unknown().getFirst();
    }
    return statements;
  }

  /**
   * Statements up to one of the tags {@code ends}, whose name is then the current token; with no
   * {@code ends}, to the end of the template.
   */
  private List<Statement> body(Set<String> ends, String opener, int line) {
    List<Statement> body = new ArrayList<>();
    tokens.enter();
    while (true) {
      Token t = tokens.next();
      switch (t.kind()) {
        case DATA -> body.add(new Statement.Data(t.text(), t.line()));
        case PRINT_BEGIN -> {
          body.add(new Statement.Print(expressions.tuple(true), t.line()));
          tokens.expect(Kind.PRINT_END, "the end of the expression");
        }
        case TAG_BEGIN -> {
          if (tokens.current().kind() == Kind.NAME && ends.contains(tokens.current().text())) {
            tokens.leave();
            return body;
          }
          body.add(statement());
        }
        default -> {
          if (!ends.isEmpty()) {
            throw new TemplateException(
                TemplateException.Kind.SYNTAX,
                "the tag '" + opener + "' has no 'end" + opener + "'",
                line);
          }
          tokens.leave();
          return body;
        }
      }
    }
  }

  /** A body with what follows its last tag. */
  private List<Statement> closedBody(String opener, int line) {
    List<Statement> body = body(Set.of("end" + opener), opener, line);
    tokens.next();
    endTag();
    return body;
  }

  private void endTag() {
    tokens.expect(Kind.TAG_END, "the end of the tag");
  }

  private Statement statement() {
    Token tag = tokens.expect(Kind.NAME, "the name of a tag");
    int line = tag.line();
    return switch (tag.text()) {
      case "if" -> conditional(line);
      case "for" -> loop(line);
      case "set" -> set(line);
      case "macro" -> macro(line);
      case "call" -> call(line);
      case "filter" -> {
        List<FilterCall> filters = expressions.filters();
        endTag();
        yield new Statement.FilterBlock(filters, closedBody("filter", line), line);
      }
      case "with" -> with(line);
      case "generation" -> {
        endTag();
        yield new Statement.Scoped(outsideLoops(() -> closedBody("generation", line)), line);
      }
      case "block" -> block(line);
      case "break", "continue" -> {
        if (loops == 0) {
          throw tokens.fault("'" + tag.text() + "' outside of a loop");
        }
        endTag();
        yield tag.text().equals("break") ? new Statement.Break(line) : new Statement.Continue(line);
      }
      default -> throw refusal(tag);
    };
  }

  private TemplateException refusal(Token tag) {
    String name = tag.text();
    String problem =
        FOREIGN.contains(name)
            ? "the tag '" + name + "' would read another template, which is not allowed"
            : name.startsWith("end") || name.startsWith("el")
                ? "unexpected tag '" + name + "'"
                : "there is no tag '" + name + "'";
    return new TemplateException(TemplateException.Kind.SYNTAX, problem, tag.line());
  }

  private Statement conditional(int line) {
    List<Statement.Branch> branches = new ArrayList<>();
    List<Statement> otherwise = List.of();
    expressions.conditional(true);
    while (true) {
      Expression test = expressions.tuple(false);
      endTag();
      branches.add(new Statement.Branch(test, body(Set.of("elif", "else", "endif"), "if", line)));
      Token end = tokens.next();
      if (end.isName("elif")) {
        continue;
      }
      endTag();
      if (end.isName("else")) {
        otherwise = closedBody("if", line);
      }
      expressions.conditional(false);
      return new Statement.If(branches, otherwise, line);
    }
  }

  private Statement loop(int line) {
    Target target = target(false);
    if (!tokens.skipName("in")) {
      throw tokens.fault("expected 'in' but found " + tokens.current().shown());
    }
    Expression elements = expressions.tuple(false);
    Expression filter = tokens.skipName("if") ? expressions.expression() : null;
    boolean recursive = tokens.skipName("recursive");
    endTag();
    loops++;
    List<Statement> body = body(Set.of("else", "endfor"), "for", line);
    loops--;
    List<Statement> otherwise = null;
    boolean more = tokens.next().isName("else");
    endTag();
    if (more) {
      // What is recursive is a function, and 'break' does not lead out of functions.
      otherwise = recursive ? outsideLoops(() -> closedBody("for", line)) : closedBody("for", line);
    }
    return new Statement.For(target, elements, filter, body, otherwise, recursive, line);
  }

  private Statement set(int line) {
    Target target = target(true);
    if (tokens.skipOperator("=")) {
      Expression value = expressions.tuple(true);
      endTag();
      return new Statement.Assign(target, value, line);
    }
    List<FilterCall> filters = tokens.skipOperator("|") ? expressions.filters() : List.of();
    endTag();
    return new Statement.Capture(target, filters, closedBody("set", line), line);
  }

  private Target target(boolean fields) {
    List<Target> targets = new ArrayList<>();
    boolean several = false;
    while (true) {
      targets.add(oneTarget(fields));
      if (!tokens.skipOperator(",")) {
        break;
      }
      several = true;
      if (tokens.current().isName("in") || tokens.current().isOperator("=")) {
        break;
      }
    }
    return several ? new Target.Several(targets) : targets.getFirst();
  }

  private Target oneTarget(boolean fields) {
    if (tokens.skipOperator("(")) {
      tokens.enter();
      Target inner = target(false);
      tokens.expectOperator(")");
      tokens.leave();
      return inner;
    }
    String name = tokens.expect(Kind.NAME, "a variable to assign to").text();
    if (Set.of("true", "false", "none", "True", "False", "None").contains(name)) {
      throw tokens.fault("cannot assign to '" + name + "'");
    }
    if (fields && tokens.skipOperator(".")) {
      return new Target.Field(name, tokens.expect(Kind.NAME, "an attribute").text());
    }
    return new Target.Variable(name);
  }

  private Statement macro(int line) {
    String name = tokens.expect(Kind.NAME, "the name of the macro").text();
    Parameters parameters = parameters();
    endTag();
    Set<String> before = new HashSet<>(expressions.used());
    expressions.used().removeAll(IMPLIED);
    List<Statement> body = outsideLoops(() -> closedBody("macro", line));
    Set<String> implied = new HashSet<>(IMPLIED);
    implied.retainAll(expressions.used());
    implied.removeAll(parameters.names);
    expressions.used().addAll(before);
    Signature signature = new Signature(parameters.names, parameters.defaults, implied);
    return new Statement.MacroDefinition(name, signature, body, line);
  }

  private Statement call(int line) {
    Parameters parameters =
        tokens.current().isOperator("(") ? parameters() : new Parameters(List.of(), List.of());
    Expression called = expressions.expression();
    if (!(called instanceof Expression.Call call)) {
      throw tokens.fault("the tag 'call' needs a call");
    }
    endTag();
    List<Statement> body = outsideLoops(() -> closedBody("call", line));
    Signature signature = new Signature(parameters.names, parameters.defaults, Set.of());
    return new Statement.CallBlock(call, signature, body, line);
  }

  private record Parameters(List<String> names, List<Expression> defaults) {}

  private Parameters parameters() {
    tokens.expectOperator("(");
    List<String> names = new ArrayList<>();
    List<Expression> defaults = new ArrayList<>();
    while (!tokens.skipOperator(")")) {
      if (!names.isEmpty()) {
        tokens.expectOperator(",");
        if (tokens.skipOperator(")")) {
          break;
        }
      }
      names.add(tokens.expect(Kind.NAME, "a parameter").text());
      if (tokens.skipOperator("=")) {
        defaults.add(expressions.expression());
      } else if (!defaults.isEmpty()) {
        throw tokens.fault("parameters without a default come before the others");
      }
    }
    return new Parameters(names, defaults);
  }

  private List<Statement> outsideLoops(java.util.function.Supplier<List<Statement>> parse) {
    int outer = loops;
    loops = 0;
    List<Statement> body = parse.get();
    loops = outer;
    return body;
  }

  private Statement with(int line) {
    List<Target> targets = new ArrayList<>();
    List<Expression> values = new ArrayList<>();
    while (tokens.current().kind() != Kind.TAG_END) {
      if (!targets.isEmpty()) {
        tokens.expectOperator(",");
      }
      targets.add(oneTarget(false));
      tokens.expectOperator("=");
      values.add(expressions.expression());
    }
    endTag();
    return new Statement.With(targets, values, closedBody("with", line), line);
  }

  private Statement block(int line) {
    tokens.expect(Kind.NAME, "the name of the block");
    while (tokens.skipName("scoped") || tokens.skipName("required")) {
      continue;
    }
    endTag();
    List<Statement> body = outsideLoops(() -> body(Set.of("endblock"), "block", line));
    tokens.next();
    if (tokens.current().kind() == Kind.NAME) {
      tokens.next();
    }
    endTag();
    return new Statement.Scoped(body, line);
  }
}

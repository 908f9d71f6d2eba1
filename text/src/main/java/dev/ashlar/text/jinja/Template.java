package dev.ashlar.text.jinja;

import dev.ashlar.text.jinja.library.Library;
import dev.ashlar.text.jinja.syntax.Parser;
import dev.ashlar.text.jinja.syntax.Statement;
import dev.ashlar.text.jinja.syntax.Vocabulary;
import dev.ashlar.text.jinja.value.TemplateException;
import dev.ashlar.text.jinja.value.Undefined;
import java.math.BigInteger;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A parsed template; immutable, and safe to share between threads. */
public final class Template {
  private static final int DEEPEST = 300;

  private final List<Statement> statements;

  private Template(List<Statement> statements) {
    this.statements = statements;
  }

  /**
   * Parses a template.
   *
   * @throws TemplateException if it is ill-formed, or names a tag, filter or test that is not there
   */
  public static Template parse(String source) {
    Vocabulary known = new Vocabulary(Library.filterNames(), Library.testNames());
    return new Template(Parser.parse(source, known));
  }

  /**
   * The text for {@code variables}: maps with text keys, lists, text, numbers, booleans and null.
   *
   * @param now what {@code strftime_now} formats
   * @throws TemplateException if an operation fails, the template refuses, or it needs more than a
   *     rendering may have
   * @throws IllegalArgumentException if a variable is of another kind
   */
  public String render(Map<String, ?> variables, LocalDateTime now) {
    Scope root = new Scope(null);
    variables.forEach((name, value) -> root.set(name, plain(value, 0)));
    return new Interpreter(now).run(statements, root);
  }

  /** A copy of a value in the types that the interpreter knows. */
  private static Object plain(Object value, int depth) {
    if (depth > DEEPEST) {
      throw new IllegalArgumentException("a variable is nested more than " + DEEPEST + " deep");
    }
    return switch (value) {
      case null -> null;
      case Boolean b -> b;
      case Long n -> n;
      case BigInteger n -> n.bitLength() < 64 ? (Object) n.longValue() : n;
      case Float f -> f.doubleValue();
      case Double d -> d;
      case Integer n -> n.longValue();
      case Short n -> n.longValue();
      case Byte n -> n.longValue();
      case CharSequence s -> s.toString();
      case List<?> l -> {
        List<Object> copy = new ArrayList<>(l.size());
        l.forEach(item -> copy.add(plain(item, depth + 1)));
        yield copy;
      }
      case Map<?, ?> m -> {
        Map<Object, Object> copy = new LinkedHashMap<>();
        m.forEach((k, v) -> copy.put(plain(k, depth + 1), plain(v, depth + 1)));
        yield copy;
      }
      case Undefined u -> u;
      default ->
          throw new IllegalArgumentException(
              "a template cannot use a value of " + value.getClass().getName());
    };
  }
}

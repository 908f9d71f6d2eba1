package dev.ashlar.text.jinja.value;

import java.util.List;
import java.util.Map;

/**
 * The arguments of a call.
 *
 * @param positional in order
 * @param named in order of writing
 */
public record Arguments(List<Object> positional, Map<String, Object> named) {
  /** No arguments. */
  public static final Arguments NONE = new Arguments(List.of(), Map.of());

  private static final Object ABSENT = new Object();

  /** Positional arguments alone. */
  public static Arguments of(Object... positional) {
    return new Arguments(java.util.Arrays.asList(positional), Map.of());
  }

  /** The arguments from {@code first} on. */
  public Arguments from(int first) {
    return new Arguments(positional.subList(first, positional.size()), named);
  }

  /**
   * The arguments by parameter, as Python binds them.
   *
   * @param callee for messages
   * @param parameters names; one that ends in {@code ?} may be left out, and then {@link Bound#has}
   *     is false
   */
  public Bound bind(String callee, String... parameters) {
    Object[] values = new Object[parameters.length];
    java.util.Arrays.fill(values, ABSENT);
    if (positional.size() > parameters.length) {
      throw new TemplateException(
          callee + " takes at most " + parameters.length + " arguments, not " + positional.size());
    }
    for (int i = 0; i < positional.size(); i++) {
      values[i] = positional.get(i);
    }
    int used = 0;
    for (int i = 0; i < parameters.length; i++) {
      boolean optional = parameters[i].endsWith("?");
      String name =
          optional ? parameters[i].substring(0, parameters[i].length() - 1) : parameters[i];
      if (named.containsKey(name)) {
        if (values[i] != ABSENT) {
          throw new TemplateException(callee + " got two values for its argument '" + name + "'");
        }
        values[i] = named.get(name);
        used++;
      }
      if (values[i] == ABSENT && !optional) {
        throw new TemplateException(callee + " needs the argument '" + name + "'");
      }
    }
    if (used < named.size()) {
      throw unexpected(callee, parameters);
    }
    return new Bound(callee, values);
  }

  private TemplateException unexpected(String callee, String[] parameters) {
    List<String> known = List.of(parameters);
    String name =
        named.keySet().stream()
            .filter(n -> !known.contains(n) && !known.contains(n + "?"))
            .findFirst()
            .orElse("?");
    return new TemplateException(callee + " has no argument '" + name + "'");
  }

  /** Arguments in the order of the parameters. */
  public static final class Bound {
    private final String callee;
    private final Object[] values;

    private Bound(String callee, Object[] values) {
      this.callee = callee;
      this.values = values;
    }

    /** Whether the argument was given. */
    public boolean has(int i) {
      return values[i] != ABSENT;
    }

    /** The argument, or {@code otherwise} if it was left out. */
    public Object get(int i, Object otherwise) {
      return has(i) ? values[i] : otherwise;
    }

    /** The argument. */
    public Object get(int i) {
      return get(i, null);
    }

    /** The argument as text; {@code otherwise} if it was left out or is None. */
    public String text(int i, String otherwise) {
      Object value = get(i, null);
      if (value == null) {
        return otherwise;
      }
      if (!Values.isText(value)) {
        throw new TemplateException(
            callee + " needs text as its argument, not '" + Values.typeName(value) + "'");
      }
      return value.toString();
    }

    /** The argument as a whole number; {@code otherwise} if it was left out or is None. */
    public int whole(int i, int otherwise) {
      Object value = get(i, null);
      if (value == null) {
        return otherwise;
      }
      if (Numbers.number(value) instanceof Long n) {
        return Math.clamp(n, Integer.MIN_VALUE, Integer.MAX_VALUE);
      }
      throw new TemplateException(
          callee + " needs a whole number as its argument, not '" + Values.typeName(value) + "'");
    }

    /** Whether the argument is given and true. */
    public boolean flag(int i) {
      return has(i) && Values.truth(values[i]);
    }
  }
}

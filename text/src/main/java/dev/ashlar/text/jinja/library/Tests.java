package dev.ashlar.text.jinja.library;

import dev.ashlar.text.jinja.value.Arguments;
import dev.ashlar.text.jinja.value.Callable;
import dev.ashlar.text.jinja.value.Markup;
import dev.ashlar.text.jinja.value.Numbers;
import dev.ashlar.text.jinja.value.Operators;
import dev.ashlar.text.jinja.value.Printer;
import dev.ashlar.text.jinja.value.Rendering;
import dev.ashlar.text.jinja.value.Undefined;
import dev.ashlar.text.jinja.value.Values;
import java.math.BigInteger;
import java.util.HashMap;
import java.util.Map;
import java.util.function.IntPredicate;
import java.util.function.Predicate;

/** What stands behind {@code is}. */
final class Tests {
  private Tests() {}

  /** A question about a value. */
  @FunctionalInterface
  interface Test {
    boolean holds(Rendering rendering, Object value, Arguments arguments);
  }

  /** A question about two values. */
  @FunctionalInterface
  private interface Relation {
    boolean holds(Rendering rendering, Object a, Object b);
  }

  static Map<String, Test> all() {
    Map<String, Test> all = new HashMap<>();
    kinds(all);
    relations(all);
    all.put("lower", (r, v, a) -> cased(r, Printer.str(r, v), Character::isLowerCase));
    all.put("upper", (r, v, a) -> cased(r, Printer.str(r, v), Character::isUpperCase));
    all.put("filter", (r, v, a) -> Values.isText(v) && r.hasFilter(v.toString()));
    all.put("test", (r, v, a) -> Values.isText(v) && r.hasTest(v.toString()));
    return Map.copyOf(all);
  }

  private static void kinds(Map<String, Test> all) {
    plain(all, "defined", v -> !(v instanceof Undefined));
    plain(all, "undefined", v -> v instanceof Undefined);
    plain(all, "none", v -> v == null);
    plain(all, "boolean", v -> v instanceof Boolean);
    plain(all, "true", v -> Boolean.TRUE.equals(v));
    plain(all, "false", v -> Boolean.FALSE.equals(v));
    plain(all, "integer", v -> v instanceof Long || v instanceof BigInteger);
    plain(all, "float", v -> v instanceof Double);
    plain(all, "number", v -> Numbers.number(v) != null);
    plain(all, "string", Values::isText);
    plain(all, "mapping", v -> v instanceof Map);
    plain(all, "iterable", Values::isIterable);
    plain(
        all,
        "sequence",
        v ->
            Values.sequence(v) != null
                || Values.isText(v)
                || v instanceof Map
                || v instanceof Undefined);
    plain(all, "callable", v -> v instanceof Callable || v instanceof Undefined);
    plain(all, "escaped", v -> v instanceof Markup);
  }

  private static void relations(Map<String, Test> all) {
    relation(all, (r, a, b) -> Values.equal(a, b, r), "eq", "equalto", "==");
    relation(all, (r, a, b) -> !Values.equal(a, b, r), "ne", "!=");
    relation(all, (r, a, b) -> Values.compare(a, b, "<", r) < 0, "lt", "lessthan", "<");
    relation(all, (r, a, b) -> Values.compare(a, b, "<=", r) <= 0, "le", "<=");
    relation(all, (r, a, b) -> Values.compare(a, b, ">", r) > 0, "gt", "greaterthan", ">");
    relation(all, (r, a, b) -> Values.compare(a, b, ">=", r) >= 0, "ge", ">=");
    relation(all, (r, a, b) -> Values.contains(b, a, r), "in");
    relation(all, Tests::same, "sameas");
    relation(all, (r, a, b) -> remainder(r, a, b) == 0, "divisibleby");
    all.put("even", (r, v, a) -> remainder(r, v, 2L) == 0);
    all.put("odd", (r, v, a) -> remainder(r, v, 2L) == 1);
  }

  private static void plain(Map<String, Test> all, String name, Predicate<Object> test) {
    all.put(
        name,
        (r, v, a) -> {
          a.bind("the test '" + name + "'");
          return test.test(v);
        });
  }

  private static void relation(Map<String, Test> all, Relation relation, String... names) {
    for (String name : names) {
      all.put(
          name,
          (r, v, a) -> relation.holds(r, v, a.bind("the test '" + name + "'", "other").get(0)));
    }
  }

  private static double remainder(Rendering r, Object a, Object b) {
    return ((Number) Operators.binary("%", numeric(a), b, r)).doubleValue();
  }

  /** Text would be formatted by {@code %}. */
  private static Object numeric(Object value) {
    Values.refuseUndefined(value);
    return Numbers.number(value) != null ? value : new java.util.ArrayList<>();
  }

  /** Identity; small values are one object in Python too. */
  private static boolean same(Rendering r, Object a, Object b) {
    r.budget().scan(a instanceof String s ? s.length() : 0);
    return a == b
        || a != null
            && (a instanceof Boolean || a instanceof Long || a instanceof String)
            && a.equals(b);
  }

  private static boolean cased(Rendering r, String s, IntPredicate wanted) {
    r.budget().scan(s.length());
    boolean found = false;
    for (int c : s.codePoints().toArray()) {
      boolean letter =
          Character.isLowerCase(c) || Character.isUpperCase(c) || Character.isTitleCase(c);
      if (letter && !wanted.test(c)) {
        return false;
      }
      found |= letter;
    }
    return found;
  }
}

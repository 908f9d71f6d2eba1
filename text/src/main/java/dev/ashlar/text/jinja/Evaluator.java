package dev.ashlar.text.jinja;

import dev.ashlar.text.jinja.library.Library;
import dev.ashlar.text.jinja.library.PercentFormat;
import dev.ashlar.text.jinja.syntax.Expression;
import dev.ashlar.text.jinja.syntax.Expression.CallArguments;
import dev.ashlar.text.jinja.value.Arguments;
import dev.ashlar.text.jinja.value.Budget;
import dev.ashlar.text.jinja.value.Callable;
import dev.ashlar.text.jinja.value.Markup;
import dev.ashlar.text.jinja.value.Operators;
import dev.ashlar.text.jinja.value.Printer;
import dev.ashlar.text.jinja.value.PythonObject;
import dev.ashlar.text.jinja.value.Rendering;
import dev.ashlar.text.jinja.value.TemplateException;
import dev.ashlar.text.jinja.value.Tuple;
import dev.ashlar.text.jinja.value.Undefined;
import dev.ashlar.text.jinja.value.Values;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Gives expressions their values, within the sandbox. */
final class Evaluator implements Rendering {
  /** Scopes that are looked through in one step. */
  private static final int SCOPES = 16;

  private final Budget budget;
  private final LocalDateTime now;

  Evaluator(Budget budget, LocalDateTime now) {
    this.budget = budget;
    this.now = now;
  }

  /** The value of an expression; faults get its line. */
  Object evaluate(Expression e, Scope scope) {
    if (e instanceof Expression.Constant c) {
      return c.value();
    }
    budget.enter();
    try {
      Object value = value(e, scope);
      budget.leave();
      return value;
    } catch (TemplateException fault) {
      throw fault.at(e.line());
    }
  }

  private Object value(Expression e, Scope scope) {
    return switch (e) {
      case Expression.Constant c -> c.value();
      case Expression.Name n -> variable(n.name(), scope);
      case Expression.ListLiteral l -> all(l.items(), scope);
      case Expression.TupleLiteral t -> Tuple.of(all(t.items(), scope));
      case Expression.MapLiteral m -> map(m, scope);
      case Expression.Signed s -> Operators.unary(s.operator(), evaluate(s.operand(), scope));
      case Expression.Not n -> !Values.truth(evaluate(n.operand(), scope));
      case Expression.And a -> {
        Object left = evaluate(a.left(), scope);
        yield Values.truth(left) ? evaluate(a.right(), scope) : left;
      }
      case Expression.Or o -> {
        Object left = evaluate(o.left(), scope);
        yield Values.truth(left) ? left : evaluate(o.right(), scope);
      }
      case Expression.Binary b ->
          binary(b.operator(), evaluate(b.left(), scope), evaluate(b.right(), scope));
      case Expression.Concat c -> concat(c, scope);
      case Expression.Compare c -> compare(c, scope);
      case Expression.Conditional c -> conditional(c, scope);
      case Expression.Attribute a -> attribute(evaluate(a.object(), scope), a.name());
      case Expression.Item i -> item(evaluate(i.object(), scope), evaluate(i.key(), scope));
      case Expression.Slice s ->
          Operators.slice(
              evaluate(s.object(), scope),
              orNull(s.from(), scope),
              orNull(s.to(), scope),
              orNull(s.step(), scope),
              this);
      case Expression.Call c -> call(evaluate(c.callee(), scope), arguments(c.arguments(), scope));
      case Expression.Filtered f ->
          Library.filter(
              this,
              f.filter().name(),
              evaluate(f.input(), scope),
              arguments(f.filter().arguments(), scope));
      case Expression.Tested t ->
          Library.test(
                  this, t.test(), evaluate(t.subject(), scope), arguments(t.arguments(), scope))
              != t.negated();
    };
  }

  private Object orNull(Expression e, Scope scope) {
    return e == null ? null : evaluate(e, scope);
  }

  private List<Object> all(List<Expression> items, Scope scope) {
    List<Object> values = new ArrayList<>(items.size());
    for (Expression item : items) {
      values.add(evaluate(item, scope));
    }
    return values;
  }

  private Object variable(String name, Scope scope) {
    budget.work(scope.depth() / SCOPES);
    if (name.startsWith("__")) {
      throw new TemplateException("the name '" + name + "' is not allowed in the sandbox");
    }
    Object value = scope.get(name);
    if (value != PythonObject.MISSING) {
      return value;
    }
    Callable function = Library.function(name);
    return function != null ? function : Undefined.variable(name);
  }

  private Map<Object, Object> map(Expression.MapLiteral m, Scope scope) {
    Map<Object, Object> map = new LinkedHashMap<>();
    for (int i = 0; i < m.keys().size(); i++) {
      Object key = evaluate(m.keys().get(i), scope);
      Values.put(map, key, evaluate(m.values().get(i), scope), budget);
    }
    return map;
  }

  private Object binary(String operator, Object left, Object right) {
    if (!operator.equals("%") || !Values.isText(left)) {
      return Operators.binary(operator, left, right, this);
    }
    String text = PercentFormat.format(this, left.toString(), right);
    return left instanceof Markup ? new Markup(text) : text;
  }

  private String concat(Expression.Concat c, Scope scope) {
    StringBuilder out = new StringBuilder();
    for (Expression part : c.parts()) {
      String text = Printer.str(this, evaluate(part, scope));
      budget.text((long) out.length() + text.length());
      out.append(text);
    }
    return out.toString();
  }

  private boolean compare(Expression.Compare c, Scope scope) {
    Object left = evaluate(c.first(), scope);
    for (int i = 0; i < c.operators().size(); i++) {
      Object right = evaluate(c.others().get(i), scope);
      if (!holds(c.operators().get(i), left, right)) {
        return false;
      }
      left = right;
    }
    return true;
  }

  private boolean holds(String operator, Object a, Object b) {
    return switch (operator) {
      case "==" -> Values.equal(a, b, this);
      case "!=" -> !Values.equal(a, b, this);
      case "in" -> Values.contains(b, a, this);
      case "not in" -> !Values.contains(b, a, this);
      case "<" -> Values.compare(a, b, operator, this) < 0;
      case "<=" -> Values.compare(a, b, operator, this) <= 0;
      case ">" -> Values.compare(a, b, operator, this) > 0;
      default -> Values.compare(a, b, operator, this) >= 0;
    };
  }

  private Object conditional(Expression.Conditional c, Scope scope) {
    if (Values.truth(evaluate(c.test(), scope))) {
      return evaluate(c.then(), scope);
    }
    return c.otherwise() != null
        ? evaluate(c.otherwise(), scope)
        : new Undefined("the condition does not hold and there is no 'else'");
  }

  /** The arguments of a call. */
  Arguments arguments(CallArguments a, Scope scope) {
    if (a.positional().isEmpty() && a.named().isEmpty() && a.list() == null && a.map() == null) {
      return Arguments.NONE;
    }
    List<Object> positional = all(a.positional(), scope);
    if (a.list() != null) {
      positional.addAll(Values.list(evaluate(a.list(), scope), this));
      budget.elements(positional.size());
    }
    Map<String, Object> named = new LinkedHashMap<>();
    for (int i = 0; i < a.names().size(); i++) {
      named.put(a.names().get(i), evaluate(a.named().get(i), scope));
    }
    if (a.map() != null) {
      if (!(evaluate(a.map(), scope) instanceof Map<?, ?> map)) {
        throw new TemplateException("the argument after ** must be a mapping");
      }
      map.forEach((key, value) -> named.put(Values.keyword(key), value));
      budget.elements(named.size());
    }
    return new Arguments(positional, named);
  }

  @Override
  public Budget budget() {
    return budget;
  }

  @Override
  public LocalDateTime now() {
    return now;
  }

  @Override
  public Object call(Object callee, Arguments arguments) {
    Values.refuseUndefined(callee);
    if (!(callee instanceof Callable callable)) {
      throw new TemplateException("'" + Values.typeName(callee) + "' object is not callable");
    }
    budget.enter();
    Object result = callable.call(this, arguments);
    budget.leave();
    return result;
  }

  @Override
  public Object filter(String name, Object value, Arguments arguments) {
    return Library.filter(this, name, value, arguments);
  }

  @Override
  public boolean test(String name, Object value, Arguments arguments) {
    return Library.test(this, name, value, arguments);
  }

  @Override
  public boolean hasFilter(String name) {
    return Library.filterNames().contains(name);
  }

  @Override
  public boolean hasTest(String name) {
    return Library.testNames().contains(name);
  }

  @Override
  public Object attribute(Object object, String name) {
    Object found = own(object, name);
    if (found == PythonObject.MISSING && object instanceof Map<?, ?> map) {
      found = Values.lookup(map, name, budget);
    }
    return found == PythonObject.MISSING ? absent(object, name) : found;
  }

  @Override
  public Object item(Object object, Object key) {
    Values.refuseUndefined(object);
    Object found = PythonObject.MISSING;
    if (object instanceof Map<?, ?> map) {
      boolean hashable = !(key instanceof List) && !(key instanceof Map);
      found = hashable ? Values.lookup(map, key, budget) : PythonObject.MISSING;
    } else if (Values.isText(object)) {
      budget.text(object.toString().length());
      found = Operators.at(object, key);
    } else if (Values.sequence(object) != null) {
      found = Operators.at(object, key);
    }
    if (found == PythonObject.MISSING && Values.isText(key)) {
      found = own(object, key.toString());
      return found == PythonObject.MISSING ? absent(object, key.toString()) : found;
    }
    return found == PythonObject.MISSING ? Undefined.item(object, key) : found;
  }

  /** A method, or an attribute of an object of ours. */
  private Object own(Object object, String name) {
    Values.refuseUndefined(object);
    Object method = Library.method(object, name);
    if (method != null) {
      return method;
    }
    return object instanceof PythonObject o ? o.attribute(this, name) : PythonObject.MISSING;
  }

  private static Object absent(Object object, String name) {
    if (name.startsWith("__")) {
      throw new TemplateException(
          "access to attribute '"
              + name
              + "' of a "
              + Values.typeName(object)
              + " is not allowed in the sandbox");
    }
    return Undefined.attribute(object, name);
  }
}

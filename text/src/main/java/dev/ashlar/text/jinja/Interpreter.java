package dev.ashlar.text.jinja;

import dev.ashlar.text.jinja.library.Library;
import dev.ashlar.text.jinja.syntax.Expression;
import dev.ashlar.text.jinja.syntax.Expression.FilterCall;
import dev.ashlar.text.jinja.syntax.Statement;
import dev.ashlar.text.jinja.syntax.Statement.Target;
import dev.ashlar.text.jinja.value.Arguments;
import dev.ashlar.text.jinja.value.Budget;
import dev.ashlar.text.jinja.value.Namespace;
import dev.ashlar.text.jinja.value.Printer;
import dev.ashlar.text.jinja.value.TemplateException;
import dev.ashlar.text.jinja.value.Tuple;
import dev.ashlar.text.jinja.value.Values;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;

/** Runs the statements of one rendering. */
final class Interpreter {
  /** How a statement ended. */
  private enum Flow {
    ON,
    BREAK,
    CONTINUE
  }

  private final Budget budget = new Budget();
  private final Evaluator evaluator;

  Interpreter(LocalDateTime now) {
    this.evaluator = new Evaluator(budget, now);
  }

  /** The text that {@code statements} print. */
  String run(List<Statement> statements, Scope root) {
    return captured(statements, root);
  }

  /** The text that a body prints. */
  String captured(List<Statement> body, Scope scope) {
    StringBuilder out = new StringBuilder();
    execute(body, scope, out);
    return out.toString();
  }

  Object evaluate(Expression e, Scope scope) {
    return evaluator.evaluate(e, scope);
  }

  private Flow execute(List<Statement> body, Scope scope, StringBuilder out) {
    for (Statement statement : body) {
      Flow flow;
      budget.enter();
      try {
        flow = execute(statement, scope, out);
      } catch (TemplateException e) {
        throw e.at(statement.line());
      }
      budget.leave();
      if (flow != Flow.ON) {
        return flow;
      }
    }
    return Flow.ON;
  }

  private Flow execute(Statement statement, Scope scope, StringBuilder out) {
    switch (statement) {
      case Statement.Data d -> print(d.text(), out);
      case Statement.Print p -> print(text(evaluate(p.value(), scope)), out);
      case Statement.Assign a -> assign(a.target(), evaluate(a.value(), scope), scope);
      case Statement.If i -> {
        return conditional(i, scope, out);
      }
      case Statement.For f -> {
        return loop(f, evaluate(f.elements(), scope), scope, out, 0);
      }
      case Statement.Capture c -> {
        return capture(c, scope);
      }
      case Statement.MacroDefinition m ->
          scope.set(m.name(), new Macro(m.name(), m.signature(), m.body(), scope, this));
      case Statement.CallBlock c -> print(text(call(c, scope)), out);
      case Statement.FilterBlock f -> {
        StringBuilder inner = new StringBuilder();
        Flow flow = execute(f.body(), new Scope(scope), inner);
        if (flow == Flow.ON) {
          print(text(filtered(inner.toString(), f.filters(), scope)), out);
        }
        return flow;
      }
      case Statement.With w -> {
        Scope inner = new Scope(scope);
        for (int i = 0; i < w.targets().size(); i++) {
          assign(w.targets().get(i), evaluate(w.values().get(i), scope), inner);
        }
        return execute(w.body(), inner, out);
      }
      case Statement.Scoped s -> {
        return execute(s.body(), new Scope(scope), out);
      }
      case Statement.Break b -> {
        return Flow.BREAK;
      }
      case Statement.Continue c -> {
        return Flow.CONTINUE;
      }
    }
    return Flow.ON;
  }

  private String text(Object value) {
    return Printer.str(evaluator, value);
  }

  private void print(String text, StringBuilder out) {
    budget.text(text.length());
    if ((long) out.length() + text.length() > Budget.LONGEST_TEXT) {
      budget.text((long) out.length() + text.length());
    }
    out.append(text);
  }

  private Flow conditional(Statement.If statement, Scope scope, StringBuilder out) {
    for (Statement.Branch branch : statement.branches()) {
      if (Values.truth(evaluate(branch.test(), scope))) {
        return execute(branch.body(), scope, out);
      }
    }
    return execute(statement.otherwise(), scope, out);
  }

  private Flow loop(Statement.For f, Object elements, Scope scope, StringBuilder out, int depth) {
    Iterator<Object> all = Values.iterate(elements, evaluator);
    Loop loop =
        new Loop(
            f.filter() == null ? all : new Filtered(f, all, scope),
            depth,
            f.recursive() ? inner -> again(f, inner, scope, depth + 1) : null);
    boolean otherwise = f.otherwise() != null;
    while (loop.hasNext()) {
      Scope inner = new Scope(scope);
      inner.set("loop", loop);
      assign(f.target(), loop.next(), inner);
      Flow flow = execute(f.body(), inner, out);
      // As in Jinja2, any iteration that gets to its end prevents the else; one cut short does not.
      otherwise &= flow != Flow.ON;
      if (flow == Flow.BREAK) {
        break;
      }
    }
    return otherwise ? execute(f.otherwise(), new Scope(scope), out) : Flow.ON;
  }

  private String again(Statement.For f, Object elements, Scope scope, int depth) {
    StringBuilder out = new StringBuilder();
    budget.enter();
    loop(f, elements, scope, out, depth);
    budget.leave();
    return out.toString();
  }

  /** The elements that pass the test of a loop, tested when they are asked for. */
  private final class Filtered implements Iterator<Object> {
    private final Statement.For loop;
    private final Iterator<Object> all;
    private final Scope scope;
    private Object next;
    private boolean ready;

    Filtered(Statement.For loop, Iterator<Object> all, Scope scope) {
      this.loop = loop;
      this.all = all;
      this.scope = scope;
    }

    @Override
    public boolean hasNext() {
      while (!ready && all.hasNext()) {
        next = all.next();
        Scope inner = new Scope(scope);
        assign(loop.target(), next, inner);
        ready = Values.truth(evaluate(loop.filter(), inner));
        next = again(loop.target(), next);
      }
      return ready;
    }

    /** Several variables leave the filter as a tuple, whatever they came from. */
    private Object again(Target target, Object value) {
      if (!ready || !(target instanceof Target.Several s)) {
        return value;
      }
      List<Object> values = Values.list(value, evaluator);
      List<Object> items = new ArrayList<>();
      for (int i = 0; i < values.size(); i++) {
        items.add(again(s.targets().get(i), values.get(i)));
      }
      return Tuple.of(items);
    }

    @Override
    public Object next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      ready = false;
      return next;
    }
  }

  private Flow capture(Statement.Capture c, Scope scope) {
    StringBuilder inner = new StringBuilder();
    Flow flow = execute(c.body(), new Scope(scope), inner);
    if (flow == Flow.ON) {
      assign(c.target(), filtered(inner.toString(), c.filters(), scope), scope);
    }
    return flow;
  }

  private Object filtered(Object value, List<FilterCall> filters, Scope scope) {
    Object result = value;
    for (FilterCall filter : filters) {
      result =
          Library.filter(
              evaluator, filter.name(), result, evaluator.arguments(filter.arguments(), scope));
    }
    return result;
  }

  private Object call(Statement.CallBlock c, Scope scope) {
    Object callee = evaluate(c.call().callee(), scope);
    Arguments given = evaluator.arguments(c.call().arguments(), scope);
    Map<String, Object> named = new LinkedHashMap<>(given.named());
    named.put("caller", new Macro("caller", c.signature(), c.body(), scope, this));
    return evaluator.call(callee, new Arguments(given.positional(), named));
  }

  private void assign(Target target, Object value, Scope scope) {
    switch (target) {
      case Target.Variable v -> scope.set(v.name(), value);
      case Target.Field f -> {
        if (!(scope.get(f.namespace()) instanceof Namespace namespace)) {
          throw new TemplateException(
              "cannot assign to an attribute of '" + f.namespace() + "', which is no namespace");
        }
        namespace.set(f.name(), value);
      }
      case Target.Several s -> {
        List<Object> values = Values.list(value, evaluator);
        if (values.size() != s.targets().size()) {
          throw new TemplateException(
              "cannot assign " + values.size() + " values to " + s.targets().size() + " variables");
        }
        for (int i = 0; i < values.size(); i++) {
          assign(s.targets().get(i), values.get(i), scope);
        }
      }
    }
  }
}

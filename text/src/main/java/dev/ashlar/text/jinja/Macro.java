package dev.ashlar.text.jinja;

import dev.ashlar.text.jinja.syntax.Statement;
import dev.ashlar.text.jinja.syntax.Statement.Signature;
import dev.ashlar.text.jinja.value.Arguments;
import dev.ashlar.text.jinja.value.Callable;
import dev.ashlar.text.jinja.value.Rendering;
import dev.ashlar.text.jinja.value.TemplateException;
import dev.ashlar.text.jinja.value.Tuple;
import dev.ashlar.text.jinja.value.Undefined;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A macro, or the body of a call block, as a function.
 *
 * @param around the variables where it was defined
 */
record Macro(
    String name, Signature signature, List<Statement> body, Scope around, Interpreter interpreter)
    implements Callable {
  private static final String CALLER = "caller";

  @Override
  public Object call(Rendering rendering, Arguments arguments) {
    Scope scope = new Scope(around);
    List<String> names = signature.names();
    List<Object> positional = arguments.positional();
    Map<String, Object> named = new LinkedHashMap<>(arguments.named());
    for (int i = 0; i < names.size(); i++) {
      String parameter = names.get(i);
      if (i < positional.size()) {
        if (named.containsKey(parameter)) {
          throw new TemplateException(
              "macro '" + name + "' got two values for its argument '" + parameter + "'");
        }
        scope.set(parameter, positional.get(i));
      } else if (named.containsKey(parameter)) {
        scope.set(parameter, named.remove(parameter));
      } else {
        scope.set(parameter, otherwise(i, scope));
      }
    }
    implied(
        scope,
        positional.size() <= names.size()
            ? List.of()
            : positional.subList(names.size(), positional.size()),
        named);
    return interpreter.captured(body, scope);
  }

  private Object otherwise(int parameter, Scope scope) {
    int first = signature.names().size() - signature.defaults().size();
    return parameter < first
        ? new Undefined("parameter '" + signature.names().get(parameter) + "' was not provided")
        : interpreter.evaluate(signature.defaults().get(parameter - first), scope);
  }

  /** What a macro can name without declaring it. */
  private void implied(Scope scope, List<Object> more, Map<String, Object> named) {
    if (signature.implied().contains(CALLER)) {
      scope.set(
          CALLER,
          named.containsKey(CALLER) ? named.remove(CALLER) : new Undefined("No caller defined"));
    }
    if (signature.implied().contains("kwargs")) {
      scope.set("kwargs", new LinkedHashMap<Object, Object>(named));
    } else if (!named.isEmpty()) {
      throw new TemplateException(
          "macro '" + name + "' has no argument '" + named.keySet().iterator().next() + "'");
    }
    if (signature.implied().contains("varargs")) {
      scope.set("varargs", Tuple.of(new ArrayList<>(more)));
    } else if (!more.isEmpty()) {
      throw new TemplateException(
          "macro '" + name + "' takes not more than " + signature.names().size() + " arguments");
    }
  }

  @Override
  public String typeName() {
    return "Macro";
  }

  @Override
  public String repr(Rendering rendering) {
    return "<Macro '" + name + "'>";
  }

  @Override
  public Object attribute(Rendering rendering, String attribute) {
    return switch (attribute) {
      case "name" -> name;
      case "arguments" -> Tuple.of(new ArrayList<>(signature.names()));
      case CALLER -> signature.implied().contains(CALLER);
      case "catch_kwargs" -> signature.implied().contains("kwargs");
      case "catch_varargs" -> signature.implied().contains("varargs");
      default -> MISSING;
    };
  }
}

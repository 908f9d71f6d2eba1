package dev.ashlar.text.jinja.library;

import dev.ashlar.text.jinja.value.Arguments;
import dev.ashlar.text.jinja.value.Callable;
import dev.ashlar.text.jinja.value.Rendering;
import dev.ashlar.text.jinja.value.TemplateException;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/** Everything a template can name that is not a variable of its own. */
public final class Library {
  private static final Map<String, Filter> FILTERS = filters();
  private static final Map<String, Tests.Test> TESTS = Tests.all();
  private static final Map<String, Callable> FUNCTIONS = Functions.all();

  private Library() {}

  private static Map<String, Filter> filters() {
    Map<String, Filter> all = new HashMap<>();
    all.putAll(TextFilters.all());
    all.putAll(NumberFilters.all());
    all.putAll(SequenceFilters.all());
    all.putAll(SelectFilters.all());
    all.put("tojson", JsonText::filter);
    return Map.copyOf(all);
  }

  /** The names of all filters. */
  public static Set<String> filterNames() {
    return FILTERS.keySet();
  }

  /** The names of all tests. */
  public static Set<String> testNames() {
    return TESTS.keySet();
  }

  /** Applies a filter. */
  public static Object filter(Rendering rendering, String name, Object value, Arguments arguments) {
    Filter filter = FILTERS.get(name);
    if (filter == null) {
      throw new TemplateException("there is no filter '" + name + "'");
    }
    return filter.apply(rendering, value, arguments);
  }

  /** Applies a test. */
  public static boolean test(Rendering rendering, String name, Object value, Arguments arguments) {
    Tests.Test test = TESTS.get(name);
    if (test == null) {
      throw new TemplateException("there is no test '" + name + "'");
    }
    return test.holds(rendering, value, arguments);
  }

  /** A function that is there without being set, or null. */
  public static Callable function(String name) {
    return FUNCTIONS.get(name);
  }

  /**
   * A method of a value, bound to it; undefined if it would change the value; null if its type has
   * none of that name.
   */
  public static Object method(Object value, String name) {
    return ValueMethods.of(value, name);
  }
}

package dev.ashlar.formats.layout;

import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.quant.Unquantized;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * Which scheme a configuration gives each module: a base, exceptions by name, then exceptions by
 * regular expression, the first match winning (docs/formats.md, Which layers are packed).
 */
final class LayerRules {
  private record PatternRule(Predicate<String> matches, Supplier<QuantScheme> scheme) {}

  private final QuantScheme base;
  private final Map<String, Supplier<QuantScheme>> exact = new LinkedHashMap<>();
  private final List<PatternRule> patterns = new ArrayList<>();
  private final List<Predicate<String>> floats = new ArrayList<>();

  LayerRules(QuantScheme base) {
    this.base = base;
  }

  /** An exception for one module. */
  void exact(String module, Supplier<QuantScheme> scheme) {
    exact.put(module, scheme);
  }

  /** An exception for all modules that match. */
  void pattern(Predicate<String> matches, Supplier<QuantScheme> scheme) {
    patterns.add(new PatternRule(matches, scheme));
  }

  /** Modules that stay float unless an exception speaks of them. */
  void leaveFloat(Predicate<String> matches) {
    floats.add(matches);
  }

  /** The scheme without any exception. */
  QuantScheme base() {
    return base;
  }

  /** Modules that have an exception by name. */
  Set<String> named() {
    return exact.keySet();
  }

  /** The module's scheme. */
  QuantScheme scheme(String module) {
    if (exact.containsKey(module)) {
      return exact.get(module).get();
    }
    for (PatternRule rule : patterns) {
      if (rule.matches().test(module)) {
        return rule.scheme().get();
      }
    }
    for (Predicate<String> rule : floats) {
      if (rule.test(module)) {
        return new Unquantized();
      }
    }
    return base;
  }
}

package dev.ashlar.formats.layout;

import dev.ashlar.tensor.quant.QuantScheme;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;

/**
 * Which scheme a configuration gives each module: a base, exceptions by name, then exceptions by
 * regular expression, the first match winning (docs/formats.md, Which layers are packed).
 */
final class LayerRules {
  private record PatternRule(Predicate<String> matches, UnaryOperator<QuantScheme> change) {}

  private final QuantScheme base;
  private final Map<String, UnaryOperator<QuantScheme>> exact = new LinkedHashMap<>();
  private final List<PatternRule> patterns = new ArrayList<>();
  private final List<Predicate<String>> floats = new ArrayList<>();

  LayerRules(QuantScheme base) {
    this.base = base;
  }

  /** An exception for one module. */
  void exact(String module, UnaryOperator<QuantScheme> change) {
    exact.put(module, change);
  }

  /** An exception for all modules that match. */
  void pattern(Predicate<String> matches, UnaryOperator<QuantScheme> change) {
    patterns.add(new PatternRule(matches, change));
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

  /** The module's scheme; 16 bits if it is to be float. */
  QuantScheme scheme(String module) {
    UnaryOperator<QuantScheme> change = exact.get(module);
    if (change != null) {
      return change.apply(base);
    }
    for (PatternRule rule : patterns) {
      if (rule.matches().test(module)) {
        return rule.change().apply(base);
      }
    }
    for (Predicate<String> rule : floats) {
      if (rule.test(module)) {
        return new QuantScheme(QuantScheme.FLOAT_BITS, base.groupSize(), base.symmetric());
      }
    }
    return base;
  }
}

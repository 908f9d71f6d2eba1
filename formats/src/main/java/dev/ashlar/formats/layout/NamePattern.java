package dev.ashlar.formats.layout;

import dev.ashlar.tensor.weights.BoundedPattern;
import java.util.function.BiPredicate;
import java.util.regex.PatternSyntaxException;

/** A regular expression from a configuration file, matched against module names. */
final class NamePattern {
  private final QuantizationConfig config;
  private final String key;
  private final BoundedPattern pattern;

  /**
   * Compiles the expression.
   *
   * @throws dev.ashlar.io.InputException if it is not one, naming {@code key}
   */
  NamePattern(QuantizationConfig config, String key, String expression) {
    this.config = config;
    this.key = key;
    if (expression.length() > BoundedPattern.LONGEST) {
      throw config.fault(
          key,
          "an expression of at most " + BoundedPattern.LONGEST + " characters",
          expression.length() + "");
    }
    try {
      this.pattern = new BoundedPattern(expression);
    } catch (PatternSyntaxException e) {
      throw config.fault(key, "a regular expression", expression + " (" + e.getDescription() + ")");
    }
  }

  /** Whether text has none of the characters that would make it more than a name. */
  static boolean isPlainName(String text) {
    return text.chars().noneMatch(c -> "*+?[](){}|^$\\".indexOf(c) >= 0);
  }

  /** Whether the expression matches the whole name. */
  boolean matchesAll(String name) {
    return matches(name, BoundedPattern::matchesAll);
  }

  /** Whether the expression matches a beginning of the name, as Python's {@code re.match}. */
  boolean matchesStart(String name) {
    return matches(name, BoundedPattern::matchesStart);
  }

  private boolean matches(String name, BiPredicate<BoundedPattern, String> how) {
    try {
      return how.test(pattern, name);
    } catch (BoundedPattern.TooManyStepsException e) {
      throw config.fault(key, "an expression that decides quickly", pattern.expression());
    }
  }
}

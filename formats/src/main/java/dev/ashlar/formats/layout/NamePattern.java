package dev.ashlar.formats.layout;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * A regular expression from a configuration file, matched against module names with a bound on the
 * work: an expression such as {@code a*a*a*…b} must not hang the reader.
 */
final class NamePattern {
  private static final int LONGEST = 2000;
  private static final int STEPS = 2_000_000;

  private final QuantizationConfig config;
  private final String key;
  private final Pattern pattern;

  /**
   * Compiles the expression.
   *
   * @throws dev.ashlar.io.InputException if it is not one, naming {@code key}
   */
  NamePattern(QuantizationConfig config, String key, String expression) {
    this.config = config;
    this.key = key;
    if (expression.length() > LONGEST) {
      throw config.fault(
          key, "an expression of at most " + LONGEST + " characters", expression.length() + "");
    }
    try {
      this.pattern = Pattern.compile(expression);
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
    return matches(name, Matcher::matches);
  }

  /** Whether the expression matches a beginning of the name, as Python's {@code re.match}. */
  boolean matchesStart(String name) {
    return matches(name, Matcher::lookingAt);
  }

  private boolean matches(String name, java.util.function.Predicate<Matcher> how) {
    try {
      return how.test(pattern.matcher(new Bounded(name)));
    } catch (TooManySteps e) {
      throw config.fault(key, "an expression that decides quickly", pattern.pattern());
    }
  }

  private static final class TooManySteps extends RuntimeException {
    private static final long serialVersionUID = 1;

    TooManySteps() {
      super(null, null, false, false);
    }
  }

  /** A name that counts how often it is looked at; a matcher has no other brake. */
  private static final class Bounded implements CharSequence {
    private final String name;
    private int steps;

    Bounded(String name) {
      this.name = name;
    }

    @Override
    public int length() {
      return name.length();
    }

    @Override
    public char charAt(int index) {
      if (++steps > STEPS) {
        throw new TooManySteps();
      }
      return name.charAt(index);
    }

    @Override
    public CharSequence subSequence(int start, int end) {
      return name.substring(start, end);
    }

    @Override
    public String toString() {
      return name;
    }
  }
}

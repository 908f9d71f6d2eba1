package dev.ashlar.tensor.weights;

import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * A regular expression on names of modules or tensors with a bound on the work: one that comes with
 * a file or from a user, such as {@code (a+)+b}, must not hang the program.
 */
public final class BoundedPattern {
  /** Characters of an expression at most. */
  public static final int LONGEST = 2000;

  private static final int STEPS = 2_000_000;

  private final Pattern pattern;

  /**
   * Compiles an expression.
   *
   * @throws PatternSyntaxException if it is none, or longer than {@link #LONGEST}
   */
  public BoundedPattern(String expression) {
    if (expression.length() > LONGEST) {
      throw new PatternSyntaxException(
          "it has more than " + LONGEST + " characters", expression.substring(0, 40) + "…", -1);
    }
    this.pattern = Pattern.compile(expression);
  }

  /** The expression. */
  public String expression() {
    return pattern.pattern();
  }

  /**
   * Whether the expression matches the whole name.
   *
   * @throws TooManyStepsException if that does not show soon
   */
  public boolean matchesAll(String name) {
    return matches(name, Matcher::matches);
  }

  /** The same for a beginning of the name, as Python's {@code re.match}. */
  public boolean matchesStart(String name) {
    return matches(name, Matcher::lookingAt);
  }

  /** The same for any part of the name, as Python's {@code re.search}. */
  public boolean matchesPart(String name) {
    return matches(name, Matcher::find);
  }

  private boolean matches(String name, Predicate<Matcher> how) {
    return how.test(pattern.matcher(new Counted(name)));
  }

  /** An expression that tries too many ways to match a name. */
  public static final class TooManyStepsException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private TooManyStepsException() {
      super("the regular expression does not decide quickly", null, false, false);
    }
  }

  /** A name that counts how often it is looked at; a matcher has no other brake. */
  private static final class Counted implements CharSequence {
    private final String name;
    private int steps;

    Counted(String name) {
      this.name = name;
    }

    @Override
    public int length() {
      return name.length();
    }

    @Override
    public char charAt(int index) {
      if (++steps > STEPS) {
        throw new TooManyStepsException();
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

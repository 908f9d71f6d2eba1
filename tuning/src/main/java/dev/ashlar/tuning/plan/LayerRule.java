package dev.ashlar.tuning.plan;

import dev.ashlar.tensor.weights.BoundedPattern;
import java.util.Collection;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * Which layers a rule speaks of, and what it says.
 *
 * <p>A rule is a layer's name, a regular expression for whole names, or, where it matches no whole
 * name of a model, a part of names or a regular expression for such a part.
 *
 * @param text as it was given
 * @param pattern the same as a regular expression
 * @param part whether it is matched with parts of names
 * @param override what it says
 */
record LayerRule(String text, BoundedPattern pattern, boolean part, SchemeOverride override) {
  private static final Pattern PLAIN = Pattern.compile("[\\w.-]+");

  /**
   * A rule for whole names.
   *
   * @throws IllegalArgumentException if it is neither a name nor a regular expression
   */
  static LayerRule of(String text, SchemeOverride override) {
    try {
      return new LayerRule(text, new BoundedPattern(text), false, override);
    } catch (PatternSyntaxException e) {
      throw new IllegalArgumentException(
          "layer rule '"
              + abridged(text)
              + "' is neither a layer name nor a regular expression: "
              + e.getDescription(),
          e);
    }
  }

  /** The same rule, for parts of names if it matches none of {@code names} whole. */
  LayerRule reaching(Collection<String> names) {
    boolean whole = names.stream().anyMatch(this::matches);
    return whole ? this : new LayerRule(text, pattern, true, override);
  }

  /** Whether it is the name itself. */
  boolean names(String layer) {
    return layer.equals(text);
  }

  /**
   * Whether it speaks of a layer.
   *
   * @throws IllegalArgumentException if the regular expression takes too long to tell
   */
  boolean matches(String layer) {
    if (names(layer)) {
      return true;
    }
    if (part && PLAIN.matcher(text).matches()) {
      return contains(layer, text);
    }
    try {
      return part ? pattern.matchesPart(layer) : pattern.matchesAll(layer);
    } catch (BoundedPattern.TooManyStepsException e) {
      throw new IllegalArgumentException(
          "layer rule '"
              + abridged(text)
              + "' tries too many ways to match "
              + layer
              + "; write it without repetitions inside repetitions",
          e);
    }
  }

  /** Whether a name has a part in it that does not break off inside a number. */
  static boolean contains(String layer, String part) {
    return (layer + ".").contains(closed(part));
  }

  /** A part that ends in a digit ends at a dot: {@code layers.1} is not {@code layers.10}. */
  private static String closed(String part) {
    boolean digit = !part.isEmpty() && Character.isDigit(part.charAt(part.length() - 1));
    return digit ? part + "." : part;
  }

  private static String abridged(String text) {
    return text.length() <= 100 ? text : text.substring(0, 100) + "…";
  }
}

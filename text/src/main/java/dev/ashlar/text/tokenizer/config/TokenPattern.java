package dev.ashlar.text.tokenizer.config;

import dev.ashlar.io.InputException;
import dev.ashlar.text.tokenizer.text.RubyRegex;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * A regular expression of a tokenizer file, matched within bounds: neither what the expression asks
 * for nor the text it meets may hold the program up or fill its stack.
 */
public final class TokenPattern {
  /** Characters that a match may look at: so many, and so many for each of the text's. */
  private static final long LEAST_WORK = 50_000_000;

  private static final long WORK = 2000;

  private final Node place;
  private final Pattern pattern;

  private TokenPattern(Node place, Pattern pattern) {
    this.place = place;
    this.pattern = pattern;
  }

  /** The pattern that a string in a tokenizer file spells. */
  public static TokenPattern read(Node node) {
    try {
      return new TokenPattern(node, RubyRegex.compile(node.string()));
    } catch (PatternSyntaxException e) {
      throw node.fault(
          "the regular expression is not usable ("
              + e.getDescription()
              + " near index "
              + e.getIndex()
              + ")");
    } catch (StackOverflowError e) {
      throw node.fault("the regular expression is nested too deeply");
    }
  }

  /** What takes the matches of a text, in order. */
  @FunctionalInterface
  public interface Matches {
    /** The match {@code text[start, end)}, perhaps empty. */
    void match(int start, int end);
  }

  /**
   * Finds every match in {@code text}, which has no lone surrogates. An empty one lies before a
   * character or at the end, never between the halves of a character, as {@code java.util.regex}
   * would have it.
   */
  public void find(CharSequence text, Matches each) {
    Matcher m =
        pattern.matcher(new Counted(text, new long[] {LEAST_WORK + WORK * text.length()}, this));
    boolean found = bounded(m::find);
    while (found) {
      int start = m.start();
      int end = m.end();
      each.match(start, end);
      found =
          start == end && end < text.length() && Character.isHighSurrogate(text.charAt(end))
              ? bounded(() -> m.find(end + 2))
              : bounded(m::find);
    }
  }

  /** What a search gives, or a fault if it takes too much of time or stack. */
  private boolean bounded(BooleanSupplier search) {
    try {
      return search.getAsBoolean();
    } catch (StackOverflowError e) {
      // Repeated groups recurse once for each repetition.
      throw fault("repeats a group more often in this text than the stack allows");
    }
  }

  private InputException fault(String problem) {
    String regex = pattern.pattern();
    return InputException.in(place.file())
        .place(place.path())
        .problem(
            "the regular expression "
                + (regex.length() > 100 ? regex.substring(0, 100) + "…" : regex)
                + " "
                + problem)
        .hint("divide the text, or mend the expression")
        .exception();
  }

  /** A text that ends a search that has looked at too many characters of it. */
  private record Counted(CharSequence text, long[] left, TokenPattern of) implements CharSequence {
    @Override
    public char charAt(int i) {
      if (--left[0] < 0) {
        throw of.fault("takes too long on this text");
      }
      return text.charAt(i);
    }

    @Override
    public int length() {
      return text.length();
    }

    @Override
    public CharSequence subSequence(int start, int end) {
      return text.subSequence(start, end);
    }

    @Override
    public String toString() {
      return text.toString();
    }
  }
}

package dev.ashlar.engine.quantize;

import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A weight scheme by its common name, such as {@code W4A16} or {@code W2A16G64} (AutoRound's and
 * the field's): symmetric, groups of 128 unless the name says otherwise.
 *
 * @param bits code width
 * @param groupSize inputs per group
 */
public record NamedScheme(int bits, int groupSize) {
  /** What holds if nothing is said. */
  public static final NamedScheme DEFAULT = new NamedScheme(4, 128);

  private static final Pattern ELSEWHERE =
      Pattern.compile("W\\d+A\\d+.*|(MX|NV)?FP\\d.*|MXINT.*|INT\\d.*|GGUF:.*|BF16|FPW8.*");

  private static final Pattern NAME = Pattern.compile("W([2-8])A16(?:G(\\d{1,5}))?");

  /**
   * The scheme of that name.
   *
   * @throws IllegalArgumentException if there is none, saying what there is
   */
  public static NamedScheme require(String name) {
    return named(name)
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "no scheme '"
                        + name
                        + "'; there are W2A16 to W8A16, with G64 and the like after them"
                        + (isKnownElsewhere(name)
                            ? " ("
                                + name
                                + " is one of auto-round's for inputs or kinds of numbers that are"
                                + " not written here)"
                            : "")));
  }

  /** Whether it is a scheme of AutoRound's that quantizes inputs or has no integer codes. */
  private static boolean isKnownElsewhere(String name) {
    return ELSEWHERE.matcher(name.toUpperCase(Locale.ROOT)).matches();
  }

  /** The scheme of that name, in capitals or not. */
  public static Optional<NamedScheme> named(String name) {
    Matcher m = NAME.matcher(name.toUpperCase(Locale.ROOT));
    if (!m.matches() || (m.group(2) != null && Integer.parseInt(m.group(2)) == 0)) {
      return Optional.empty();
    }
    int group = m.group(2) == null ? DEFAULT.groupSize() : Integer.parseInt(m.group(2));
    return Optional.of(new NamedScheme(Integer.parseInt(m.group(1)), group));
  }
}

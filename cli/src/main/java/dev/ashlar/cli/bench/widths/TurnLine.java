package dev.ashlar.cli.bench.widths;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a process says on standard output when it waits for its turn, on a line of its own: {@code
 * turn 256 3 20 norms}. It goes on when a line comes on standard input.
 *
 * @param bits of its vectors
 * @param done groups
 * @param what is next
 */
record TurnLine(int bits, int done, int total, String what) {
  private static final Pattern FORM = Pattern.compile("turn (\\d{1,5}) (\\d{1,5}) (\\d{1,5}) (.*)");

  /** What {@code line} says, if it is such a line. */
  static Optional<TurnLine> of(String line) {
    Matcher m = FORM.matcher(line);
    return m.matches()
        ? Optional.of(
            new TurnLine(number(m.group(1)), number(m.group(2)), number(m.group(3)), m.group(4)))
        : Optional.empty();
  }

  private static int number(String digits) {
    return Integer.parseInt(digits);
  }

  @Override
  public String toString() {
    return "turn " + bits + " " + done + " " + total + " " + what;
  }
}

package dev.ashlar.cli.command;

import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Options that belong together, for a command to mix in, and how they refuse wrong usage. */
abstract class OptionGroup {
  private static final Pattern SIZE = Pattern.compile("(\\d+(?:\\.\\d+)?)([kmg]?)b?");

  /** The command that they are mixed into. */
  @Spec(Spec.Target.MIXEE)
  CommandSpec command;

  /** Refuses wrong usage in one sentence. */
  final void requireUsage(boolean condition, String otherwise) {
    if (!condition) {
      throw usage(otherwise);
    }
  }

  /** The refusal of wrong usage, to be thrown. */
  final ParameterException usage(String sentence) {
    return new ParameterException(command.commandLine(), sentence);
  }

  /** Whether an option stands on the command line. */
  final boolean given(String option) {
    return command.commandLine().getParseResult().hasMatchedOption(option);
  }

  /**
   * Says that options do nothing.
   *
   * @param why the rest of the sentence
   */
  static String noEffect(List<String> options, String why) {
    String verb = options.size() == 1 ? " has" : " have";
    return String.join(", ", options) + verb + " no effect" + why;
  }

  /** {@code value}, or {@code fallback} if the option was not given; refuses what is below 1. */
  final int positive(String option, Integer value, int fallback) {
    requireUsage(value == null || value >= 1, option + " must be at least 1: " + value);
    return value == null ? fallback : value;
  }

  /**
   * The value of that name in lower case; others are wrong usage, for which there is a sentence.
   */
  final <E extends Enum<E>> E named(E[] values, String name, String otherwise) {
    for (E value : values) {
      if (value.name().toLowerCase(Locale.ROOT).equals(name)) {
        return value;
      }
    }
    throw usage(otherwise);
  }

  /** A number of bytes such as {@code 4g}, {@code 512m} or {@code 1.5g}. */
  final long bytes(String option, String text) {
    Matcher m = SIZE.matcher(text.strip().toLowerCase(Locale.ROOT));
    requireUsage(m.matches(), option + " takes a size such as 4g or 512m: " + text);
    int shift =
        switch (m.group(2)) {
          case "k" -> 10;
          case "m" -> 20;
          case "g" -> 30;
          default -> 0;
        };
    return (long) (Double.parseDouble(m.group(1)) * (1L << shift));
  }
}

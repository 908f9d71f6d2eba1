package dev.ashlar.cli.console;

import java.util.Locale;

/** Numbers as people read them. */
public final class Figures {
  private static final String[] BYTE_UNITS = {"B", "kB", "MB", "GB", "TB", "PB"};

  private Figures() {}

  /** For example {@code 98.4 MB}; decimal units. */
  public static String bytes(long bytes) {
    double value = bytes;
    int unit = 0;
    while (value >= 999.5 && unit < BYTE_UNITS.length - 1) {
      value /= 1000;
      unit++;
    }
    return unit == 0 ? bytes + " B" : significant(value) + " " + BYTE_UNITS[unit];
  }

  /** For example {@code 0.8 s}, {@code 42 s}, {@code 3 min 20 s}, {@code 2 h 05 min}. */
  public static String seconds(double seconds) {
    if (!(seconds >= 0)) {
      return "?";
    }
    if (seconds < 9.95) {
      return String.format(Locale.ROOT, "%.1f s", seconds);
    }
    long whole = Math.round(seconds);
    if (whole < 60) {
      return whole + " s";
    }
    if (whole < 3600) {
      return whole / 60 + " min " + String.format(Locale.ROOT, "%02d s", whole % 60);
    }
    return whole / 3600 + " h " + String.format(Locale.ROOT, "%02d min", whole / 60 % 60);
  }

  /** Three significant digits, or all digits of the whole part. */
  public static String significant(double value) {
    if (!Double.isFinite(value)) {
      return Double.toString(value);
    }
    double magnitude = Math.abs(value);
    int decimals = magnitude >= 99.95 ? 0 : magnitude >= 9.995 ? 1 : magnitude >= 0.9995 ? 2 : 4;
    return String.format(Locale.ROOT, "%." + decimals + "f", value);
  }

  /** A perplexity: three decimals, fewer once they say nothing. */
  public static String perplexity(double value) {
    if (!Double.isFinite(value)) {
      return Double.toString(value);
    }
    return String.format(Locale.ROOT, value >= 10_000 ? "%.0f" : "%.3f", value);
  }

  /** With separators every three digits. */
  public static String count(long value) {
    return String.format(Locale.ROOT, "%,d", value);
  }
}

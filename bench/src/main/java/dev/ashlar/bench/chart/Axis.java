package dev.ashlar.bench.chart;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Where figures lie along one side of a plot.
 *
 * @param low least figure that has a place, above zero if logarithmic
 * @param high greatest
 * @param logarithmic or linear
 */
record Axis(double low, double high, boolean logarithmic) {
  /** More than so many times the least figure, and the small ones would lie on one another. */
  private static final double WIDE = 10;

  private static final double MARGIN = 0.06;
  private static final int FEW = 3;
  private static final int MANY = 9;
  private static final double TEN = 10;
  private static final double[] COARSE = {1};
  private static final double[] MIDDLE = {1, 2, 5};
  private static final double[] FINE = {1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9};

  /**
   * Room for all of some figures and a margin.
   *
   * @param figures finite; at least one
   */
  static Axis of(double[] figures) {
    double least = Arrays.stream(figures).min().orElseThrow();
    double most = Arrays.stream(figures).max().orElseThrow();
    boolean logarithmic = least > 0 && most > WIDE * least;
    double from = logarithmic ? Math.log10(least) : least;
    double to = logarithmic ? Math.log10(most) : most;
    double margin = to > from ? MARGIN * (to - from) : Math.max(Math.abs(from), 1) * MARGIN;
    double low = from - margin;
    double high = to + margin;
    return logarithmic
        ? new Axis(Math.pow(TEN, low), Math.pow(TEN, high), true)
        : new Axis(low, high, false);
  }

  /** From 0, at the low end, to 1. */
  double place(double figure) {
    return (scaled(figure) - scaled(low)) / (scaled(high) - scaled(low));
  }

  /** Round figures within the axis, ascending; a handful. */
  List<Double> ticks() {
    if (!logarithmic) {
      return linear();
    }
    List<Double> ticks = List.of();
    for (double[] digits : List.of(COARSE, MIDDLE, FINE)) {
      ticks = decades(digits);
      if (ticks.size() >= FEW) {
        break;
      }
    }
    return ticks;
  }

  /** A tick as it is written. */
  static String label(double tick) {
    String plain = String.format(Locale.ROOT, "%.4f", tick);
    return plain.replaceFirst("0+$", "").replaceFirst("\\.$", "");
  }

  private List<Double> decades(double[] digits) {
    List<Double> ticks = new ArrayList<>();
    int last = (int) Math.ceil(Math.log10(high));
    for (int decade = (int) Math.floor(Math.log10(low)); decade <= last; decade++) {
      for (double digit : digits) {
        double tick = digit * Math.pow(TEN, decade);
        if (low <= tick && tick <= high) {
          ticks.add(tick);
        }
      }
    }
    return ticks;
  }

  private List<Double> linear() {
    double decade = Math.pow(TEN, Math.floor(Math.log10(high - low)) - 1);
    double step = 0;
    for (int i = 0; step == 0 || (high - low) / step > MANY; i++) {
      step = MIDDLE[i % MIDDLE.length] * Math.pow(TEN, i / MIDDLE.length) * decade;
    }
    List<Double> ticks = new ArrayList<>();
    for (long n = (long) Math.ceil(low / step); n * step <= high; n++) {
      ticks.add(n * step);
    }
    return ticks;
  }

  private double scaled(double figure) {
    return logarithmic ? Math.log10(figure) : figure;
  }
}

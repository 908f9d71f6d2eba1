package dev.ashlar.formats.export;

import java.util.Locale;

/**
 * What it cost that a format has not the scheme that weights were chosen for, and rounded them once
 * more.
 *
 * @param matrices so many were rounded
 * @param all of so many
 * @param mean error relative to the chosen weights, both as root mean squares over all of these
 * @param worst the largest of one matrix
 * @param where that matrix
 */
public record Rounding(int matrices, int all, double mean, double worst, String where) {
  /** For example {@code 30 of 210 matrices rounded once more, 2.1 % off (at most 3.0 %: NAME)}. */
  public String sentence() {
    return String.format(
        Locale.ROOT,
        "%d of %d matrices rounded once more, %.2g %% off (at most %.2g %%: %s)",
        matrices,
        all,
        100 * mean,
        100 * worst,
        where);
  }
}

package dev.ashlar.formats.export;

import dev.ashlar.formats.gguf.writing.TensorRows;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

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

  /** What became of all matrices of codes; empty if all of them were carried. */
  static Optional<Rounding> of(Map<String, TensorRows.Outcome> codes) {
    double square = 0;
    double error = 0;
    int matrices = 0;
    String worst = "";
    double most = 0;
    for (Map.Entry<String, TensorRows.Outcome> e : codes.entrySet()) {
      if (e.getValue().carried()) {
        continue;
      }
      matrices++;
      square += e.getValue().square();
      error += e.getValue().error();
      if (e.getValue().relative() >= most) {
        most = e.getValue().relative();
        worst = e.getKey();
      }
    }
    double mean = square > 0 ? Math.sqrt(error / square) : 0;
    return matrices == 0
        ? Optional.empty()
        : Optional.of(new Rounding(matrices, codes.size(), mean, most, worst));
  }
}

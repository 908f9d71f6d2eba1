package dev.ashlar.cli.command;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** Finds what a misspelt word was meant to be. */
final class Spelling {
  private static final int MOST = 2;

  private Spelling() {}

  /** Known words within a third of the length in edits, or that begin with it; nearest first. */
  private static List<String> nearest(String word, Collection<String> known) {
    String bare = word.replaceFirst("^-+", "");
    return known.stream()
        .filter(k -> k.startsWith("--") || !k.startsWith("-"))
        .filter(k -> close(bare, k.replaceFirst("^-+", "")))
        .sorted(Comparator.comparingInt(k -> distance(bare, k.replaceFirst("^-+", ""))))
        .limit(MOST)
        .toList();
  }

  /** The question whether one of the nearest was meant; empty if none is near. */
  static Optional<String> question(String word, Collection<String> known) {
    List<String> near = nearest(word, known);
    return near.isEmpty()
        ? Optional.empty()
        : Optional.of("did you mean " + String.join(" or ", near) + "?");
  }

  private static boolean close(String word, String known) {
    return distance(word, known) <= Math.max(1, known.length() / 3)
        || (word.length() >= 3 && known.startsWith(word));
  }

  /** Insertions, deletions, replacements and swaps of neighbours that turn a into b. */
  private static int distance(String a, String b) {
    int[][] d = new int[a.length() + 1][b.length() + 1];
    for (int i = 0; i <= a.length(); i++) {
      for (int j = 0; j <= b.length(); j++) {
        if (i == 0 || j == 0) {
          d[i][j] = i + j;
          continue;
        }
        int change = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
        d[i][j] = Math.min(d[i - 1][j - 1] + change, 1 + Math.min(d[i - 1][j], d[i][j - 1]));
        boolean swapped =
            i > 1
                && j > 1
                && a.charAt(i - 1) == b.charAt(j - 2)
                && a.charAt(i - 2) == b.charAt(j - 1);
        if (swapped) {
          d[i][j] = Math.min(d[i][j], d[i - 2][j - 2] + 1);
        }
      }
    }
    return d[a.length()][b.length()];
  }
}

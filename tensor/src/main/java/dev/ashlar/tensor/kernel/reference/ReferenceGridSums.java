package dev.ashlar.tensor.kernel.reference;

import dev.ashlar.tensor.kernel.GridErrorKernel.Group;
import dev.ashlar.tensor.kernel.GridSumsKernel;

/** Sums of grids by their formula, in the order that all backends keep. */
final class ReferenceGridSums implements GridSumsKernel {
  private interface Rounding {
    float of(float scaled);
  }

  @Override
  public void integers(Group group, float low, float high, int count, Candidates candidates) {
    sums(group, t -> Math.min(Math.max((float) Math.rint(t), low), high), count, candidates);
  }

  @Override
  public void table(Group group, float[] table, int count, Candidates candidates) {
    sums(group, t -> nearest(t, table), count, candidates);
  }

  private static float nearest(float t, float[] table) {
    float q = table[0];
    for (int j = 1; j < table.length; j++) {
      q = t > (table[j - 1] + table[j]) / 2 ? table[j] : q;
    }
    return q;
  }

  private static void sums(Group group, Rounding rounding, int count, Candidates candidates) {
    for (int c = 0; c < count; c++) {
      float codes = 0;
      float squares = 0;
      float products = 0;
      for (int i = 0; i < group.n(); i++) {
        float x = group.weights()[group.at() + i];
        float q = rounding.of((x - candidates.shifts()[c]) * candidates.inverses()[c]);
        float wq = group.importance()[group.importanceAt() + i] * q;
        codes += wq;
        squares += wq * q;
        products += wq * x;
      }
      candidates.codes()[c] = codes;
      candidates.squares()[c] = squares;
      candidates.products()[c] = products;
    }
  }
}

package dev.ashlar.tensor.kernel.vector.packed;

import static dev.ashlar.tensor.kernel.vector.packed.VectorPackedCodes.ROWS;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.kernel.ActivationPrecision;
import dev.ashlar.tensor.kernel.vector.lanes.Lanes;
import dev.ashlar.tensor.quant.PackedMatrix;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import java.util.Arrays;

/**
 * A weight matrix packed for vector lanes: blocks of {@link VectorPackedCodes#ROWS} rows, in a
 * block unit after unit of codes ({@link VectorPackedCodes}), columns ordered by group ({@link
 * VectorPackedColumns}), with scales and minimums beside ({@link VectorPackedGroups}). Rows beyond
 * the last are zero.
 */
final class VectorPackedMatrix implements PackedMatrix {
  /** Groups that are summed before their scales come in; their sums stay in the first cache. */
  static final int SPAN = 32;

  /** Rows of activations that can share the taking apart of codes. */
  static final int DIRECT = 4;

  /** Rows of activations up to which each takes the codes apart for itself just as fast. */
  private static final int SEPARATE = 2;

  /**
   * Index of the first code: behind the array's header this is where a cache line starts in a large
   * array, so that no vector lies across two.
   */
  private static final int FIRST = 12;

  private final int out;
  private final int in;

  /** As the codes are declared; the layout may give them more. */
  private final int bits;

  private final VectorPackedCodes codes;
  private final VectorPackedColumns columns;
  private final VectorPackedGroups groups;
  private final int[] words;
  private final VectorPackedOutliers outliers;

  VectorPackedMatrix(
      QuantizedMatrix w,
      VectorPackedCodes codes,
      VectorPackedColumns columns,
      VectorPackedGroups groups) {
    this.out = w.out();
    this.in = w.in();
    this.bits = w.codes().bits();
    this.codes = codes;
    this.columns = columns;
    this.groups = groups;
    this.outliers = w.outliers().map(o -> VectorPackedOutliers.of(out, in, o)).orElse(null);
    byte[] plain = w.codes().values();
    long size = FIRST + (long) blocks(out) * blockWords();
    if (size > Integer.MAX_VALUE - 8) {
      throw new IllegalArgumentException(
          "[" + out + ", " + in + "] with " + codes.bits() + " bits is too large to pack");
    }
    this.words = new int[(int) size];
    Parallel.rows(
        out,
        ROWS,
        (from, to) -> {
          byte[] row = columns.source() == null ? null : new byte[width()];
          for (int o = from; o < to; o++) {
            pack(plain, o, row);
          }
        });
  }

  private void pack(byte[] plain, int o, byte[] row) {
    byte[] source = plain;
    int at = o * in;
    if (row != null) {
      columns.gather(plain, at, row);
      source = row;
      at = 0;
    }
    int target = wordAt(o / ROWS, 0) + o % ROWS;
    if (!codes.pack(source, at, columns.units(), words, target)) {
      throw new IllegalArgumentException(
          "a code of row " + o + " does not fit into " + codes.bits() + " bits");
    }
  }

  /** Blocks that {@code out} rows take. */
  static int blocks(int out) {
    return Math.ceilDiv(out, ROWS);
  }

  private int blockWords() {
    return Math.multiplyExact(Math.multiplyExact(columns.units(), codes.words()), ROWS);
  }

  private int wordAt(int block, int unit) {
    return FIRST + block * blockWords() + unit * codes.words() * ROWS;
  }

  @Override
  public int out() {
    return out;
  }

  @Override
  public int in() {
    return in;
  }

  @Override
  public long byteSize() {
    long dense = 4L * (words.length - FIRST) + groups.byteSize();
    return outliers == null ? dense : dense + outliers.byteSize();
  }

  /** What is added to a product with the codes, or null. */
  VectorPackedOutliers outliers() {
    return outliers;
  }

  VectorPackedColumns columns() {
    return columns;
  }

  VectorPackedCodes codes() {
    return codes;
  }

  /** Whether a product takes rounded activations. */
  boolean rounds(ActivationPrecision activations) {
    return activations.rounds(bits, in);
  }

  /** Whether rounded activations are multiplied as integers, straight from the codes. */
  boolean multipliesIntegers() {
    return ActivationPrecision.multipliesIntegers(codes.bits(), in);
  }

  /** Copies a row of activations into this matrix's own order of columns. */
  void gather(float[] x, int xAt, float[] row, int at) {
    if (columns.source() == null) {
      System.arraycopy(x, xAt, row, at, in);
    } else {
      columns.gather(x, xAt, row, at);
    }
  }

  /** Rounds a row of activations in this matrix's own order of columns, in place. */
  void round(float[] row, int at, boolean byToken) {
    if (byToken) {
      VectorPackedRounding.round(row, at, width());
      return;
    }
    int[] start = columns.start();
    int unit = codes.columns();
    for (int g = 0; g < columns.groups(); g++) {
      VectorPackedRounding.round(row, at + start[g] * unit, (start[g + 1] - start[g]) * unit);
    }
  }

  /** Columns in this matrix's own order, filling included. */
  int width() {
    return columns.units() * codes.columns();
  }

  /** Rows of a block that exist. */
  int rows(int block) {
    return Math.min(ROWS, out - block * ROWS);
  }

  /** Sums of the activations of each group: what minimums and zero points multiply. */
  void sumGroups(float[] x, int xAt, float[] sums, int sumsAt) {
    int[] start = columns.start();
    int unit = codes.columns();
    for (int g = 0; g < columns.groups(); g++) {
      sums[sumsAt + g] = sum(x, xAt + start[g] * unit, (start[g + 1] - start[g]) * unit);
    }
  }

  /** Four sums side by side, folded in a fixed order; {@code n} is a multiple of four. */
  private static float sum(float[] x, int at, int n) {
    float a = 0;
    float b = 0;
    float c = 0;
    float d = 0;
    for (int i = at; i < at + n; i += 4) {
      a += x[i];
      b += x[i + 1];
      c += x[i + 2];
      d += x[i + 3];
    }
    return (a + c) + (b + d);
  }

  /**
   * One block's rows of the product with up to {@link #DIRECT} rows of activations, straight from
   * the codes.
   *
   * @param first the first of these rows of {@code x}
   * @param y takes the block's rows at {@code yAt}, and {@code out} further those of the next row
   */
  void multiply(
      int block,
      int m,
      VectorPackedOperand x,
      int first,
      VectorPackedScratch scratch,
      float[] y,
      int yAt) {
    float[] total = scratch.total();
    Arrays.fill(total, 0);
    for (int i = 0; i < columns.spans().size(); i++) {
      VectorPackedColumns.Span span = columns.spans().get(i);
      if (x.bytes()) {
        sumBytes(block, span, m, x, first, scratch.sums());
      } else {
        sum(block, span, m, x, first, scratch.sums());
      }
      int group = block * columns.groups() + span.group();
      for (int r = 0; r < m; r++) {
        int xSum = (first + r) * columns.groups() + span.group();
        groups.combine(group, span.count(), r, scratch.sums(), x.sums(), xSum, total);
      }
    }
    for (int r = 0; r < m; r++) {
      System.arraycopy(total, r * ROWS, y, yAt + r * out, rows(block));
    }
  }

  private void sum(
      int block,
      VectorPackedColumns.Span span,
      int m,
      VectorPackedOperand x,
      int first,
      float[] sums) {
    int unit = columns.start()[span.group()];
    int at = wordAt(block, unit);
    int width = width();
    int xAt = first * width + unit * codes.columns();
    if (m <= SEPARATE) {
      for (int r = 0; r < m; r++) {
        int to = r * VectorPackedCodes.STRIDE;
        codes.sum(words, at, span.count(), span.units(), x.scaled(), xAt + r * width, sums, to);
      }
    } else {
      int last = (m - 1) * width;
      int from = x.floatsAt() + xAt;
      codes.sumFour(words, at, span.count(), span.units(), x.floats(), from, width, last, sums);
    }
  }

  /** As above, for activations that are bytes. */
  private void sumBytes(
      int block,
      VectorPackedColumns.Span span,
      int m,
      VectorPackedOperand x,
      int first,
      float[] sums) {
    int unit = columns.start()[span.group()];
    int at = wordAt(block, unit);
    for (int r = 0; r < m; r++) {
      int pair = (first + r) * width() + unit * codes.columns();
      int group = (first + r) * columns.groups() + span.group();
      codes.sumBytes(
          words,
          at,
          span.count(),
          span.units(),
          x.pairs(),
          pair,
          x.steps(),
          group,
          sums,
          r * VectorPackedCodes.STRIDE);
    }
  }

  /**
   * Float weights of columns {@code [from, to)} of a block, {@code panel[k, lane]} with {@link
   * Lanes#PANEL} floats from one column to the next.
   *
   * @param from a multiple of the unit's columns, as {@code to}
   * @param affine scratch for {@code [2, ROWS]}
   */
  void expand(int block, int from, int to, float[] affine, float[] panel, int panelAt) {
    int[] start = columns.start();
    int end = to / codes.columns();
    int unit = from / codes.columns();
    int g = group(unit);
    int at = panelAt;
    while (unit < end) {
      int stop = Math.min(end, start[g + 1]);
      groups.affine(block * columns.groups() + g, affine);
      codes.expand(words, wordAt(block, unit), stop - unit, affine, panel, at);
      at += (stop - unit) * codes.columns() * Lanes.PANEL;
      unit = stop;
      g++;
    }
  }

  /** The group that holds a unit. */
  private int group(int unit) {
    int[] start = columns.start();
    int low = 0;
    int high = columns.groups() - 1;
    while (low < high) {
      int middle = (low + high + 1) >>> 1;
      if (start[middle] <= unit) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return low;
  }
}

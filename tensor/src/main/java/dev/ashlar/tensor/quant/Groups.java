package dev.ashlar.tensor.quant;

import java.util.function.IntUnaryOperator;

/**
 * How the codes of a group of inputs become weights. Groups are counted by {@code at = row ·
 * perRow(in) + g}. Arrays are shared, not copied; treat them as read-only.
 */
public sealed interface Groups {
  /** Inputs per group for rows of {@code in} inputs; the last group of a row may be shorter. */
  int size(int in);

  /** Inputs in steps of which a row can be cut: groups, or the super-blocks that hold them. */
  default int cut(int in) {
    return size(in);
  }

  /** Groups per row of {@code in} inputs. */
  default int perRow(int in) {
    return Math.ceilDiv(in, size(in));
  }

  /** The factor of group {@code at}; signed. */
  float scale(int at);

  /** The weight of a code in group {@code at}, given what the code stands for; rounded once. */
  float weight(int at, float code);

  /** Bytes of scales and what goes with them, in memory. */
  long byteSize();

  /** Whether all scales and minimums are finite. */
  boolean isFinite();

  /**
   * Refuses arrays of other lengths than {@code [out, in]} takes.
   *
   * @throws IllegalArgumentException naming the array and both lengths
   */
  void check(int out, int in);

  /**
   * The groups of the first {@code columns} inputs of some rows.
   *
   * @param rows how many
   * @param source which row of this comes to a place
   * @param in inputs of a row here
   * @param columns inputs of a row there: {@code in}, or a multiple of {@link #cut}
   */
  Groups select(int rows, IntUnaryOperator source, int in, int columns);

  /**
   * {@code w = scale · (code − zero)} with signed scales: what methods make and layouts write.
   *
   * @param grid what the codes mean
   * @param scales signed, {@code [out, groups]}
   * @param zeros unsigned zero points, {@code [out, groups]}, one per byte
   */
  record ZeroPoints(IntegerGrid grid, float[] scales, byte[] zeros) implements Groups {
    @Override
    public int size(int in) {
      return grid.effectiveGroup(in);
    }

    @Override
    public float scale(int at) {
      return scales[at];
    }

    @Override
    public float weight(int at, float code) {
      return scales[at] * (code - (zeros[at] & 0xFF));
    }

    @Override
    public long byteSize() {
      return 4L * scales.length + zeros.length;
    }

    @Override
    public boolean isFinite() {
      return Parts.finite(scales);
    }

    @Override
    public void check(int out, int in) {
      long groups = (long) out * perRow(in);
      Parts.require("scales", scales.length, groups);
      Parts.require("zeros", zeros.length, groups);
    }

    @Override
    public ZeroPoints select(int rows, IntUnaryOperator source, int in, int columns) {
      int from = perRow(in);
      int to = perRow(columns);
      return new ZeroPoints(
          grid,
          Parts.rows(scales, rows, source, from, to),
          Parts.rows(zeros, rows, source, from, to));
    }
  }

  /**
   * {@code w = scale · value} with values of small floats.
   *
   * @param grid what the codes mean; of whole rows where one scale serves the matrix
   * @param scales {@code [out, groups]}; rows that share scales have the same
   * @param global what stored scales were divided by where they are multiples of one float, else 1
   */
  record Scales(FloatGrid grid, float[] scales, float global) implements Groups {
    public Scales {
      if (!(global > 0) || Float.isInfinite(global)) {
        throw new IllegalArgumentException("the divisor of scales must be positive: " + global);
      }
    }

    /** Scales that are stored as they are. */
    public Scales(FloatGrid grid, float[] scales) {
      this(grid, scales, 1);
    }

    @Override
    public int size(int in) {
      return grid.effectiveBlock(in);
    }

    @Override
    public float scale(int at) {
      return scales[at];
    }

    @Override
    public float weight(int at, float code) {
      return scales[at] * code;
    }

    @Override
    public long byteSize() {
      return 4L * scales.length;
    }

    @Override
    public boolean isFinite() {
      return Parts.finite(scales);
    }

    @Override
    public void check(int out, int in) {
      Parts.require("scales", scales.length, (long) out * perRow(in));
    }

    @Override
    public Scales select(int rows, IntUnaryOperator source, int in, int columns) {
      float[] chosen = Parts.rows(scales, rows, source, perRow(in), perRow(columns));
      return new Scales(grid, chosen, global);
    }
  }

  /**
   * {@code w = scale · code + minimum}, rounded once.
   *
   * @param groupSize inputs per group
   * @param scales {@code [out, groups]}
   * @param minimums the weights of code zero, {@code [out, groups]}
   */
  record Minimums(int groupSize, float[] scales, float[] minimums) implements Groups {
    public Minimums {
      Parts.positive("inputs per group", groupSize);
    }

    @Override
    public int size(int in) {
      return groupSize;
    }

    @Override
    public float scale(int at) {
      return scales[at];
    }

    @Override
    public float weight(int at, float code) {
      return Math.fma(scales[at], code, minimums[at]);
    }

    @Override
    public long byteSize() {
      return 8L * scales.length;
    }

    @Override
    public boolean isFinite() {
      return Parts.finite(scales) && Parts.finite(minimums);
    }

    @Override
    public void check(int out, int in) {
      long groups = (long) out * perRow(in);
      Parts.require("scales", scales.length, groups);
      Parts.require("minimums", minimums.length, groups);
    }

    @Override
    public Minimums select(int rows, IntUnaryOperator source, int in, int columns) {
      int from = perRow(in);
      int to = perRow(columns);
      return new Minimums(
          groupSize,
          Parts.rows(scales, rows, source, from, to),
          Parts.rows(minimums, rows, source, from, to));
    }
  }

  /**
   * Two levels: scales that are small integers times a float shared by a super-block of several
   * groups, and offsets likewise or one zero point for all. The products {@code base · factor} are
   * rounded to float first, then the weight is computed as in the other forms.
   *
   * @param groupSize inputs per group
   * @param perBlock groups per super-block; rows hold whole super-blocks
   * @param scales what the groups' scales are multiples of
   * @param offset what goes with the scales
   */
  record SuperBlocks(int groupSize, int perBlock, Multiples scales, Offset offset)
      implements Groups {
    /**
     * Values {@code base · factor}.
     *
     * @param bases a float per super-block, {@code [out, groups / perBlock]}
     * @param factors signed, {@code [out, groups]}
     */
    public record Multiples(float[] bases, byte[] factors) {
      float at(int at, int perBlock) {
        return bases[at / perBlock] * factors[at];
      }

      private Multiples select(int rows, IntUnaryOperator source, int from, int to, int perBlock) {
        return new Multiples(
            Parts.rows(bases, rows, source, from / perBlock, to / perBlock),
            Parts.rows(factors, rows, source, from, to));
      }

      private void check(String what, long groups, int perBlock) {
        Parts.require(what + " bases", bases.length, groups / perBlock);
        Parts.require(what + " factors", factors.length, groups);
      }
    }

    /** Where a group's weights begin. */
    public sealed interface Offset {
      /** {@code w = scale · (code − zero)}. */
      record ZeroPoint(int zero) implements Offset {}

      /** {@code w = scale · code − below}. */
      record Below(Multiples below) implements Offset {}
    }

    public SuperBlocks {
      Parts.positive("inputs per group", groupSize);
      Parts.positive("groups per super-block", perBlock);
    }

    @Override
    public int size(int in) {
      return groupSize;
    }

    @Override
    public int cut(int in) {
      return groupSize * perBlock;
    }

    @Override
    public float scale(int at) {
      return scales.at(at, perBlock);
    }

    /** What {@link #scale} times a code is added to. */
    public float minimum(int at) {
      return switch (offset) {
        case Offset.ZeroPoint z -> -scale(at) * z.zero;
        case Offset.Below b -> -b.below.at(at, perBlock);
      };
    }

    @Override
    public float weight(int at, float code) {
      return switch (offset) {
        case Offset.ZeroPoint z -> scale(at) * (code - z.zero);
        case Offset.Below b -> Math.fma(scale(at), code, -b.below.at(at, perBlock));
      };
    }

    @Override
    public long byteSize() {
      long one = 4L * scales.bases.length + scales.factors.length;
      return offset instanceof Offset.Below ? 2 * one : one;
    }

    @Override
    public boolean isFinite() {
      return Parts.finite(scales.bases)
          && (!(offset instanceof Offset.Below b) || Parts.finite(b.below.bases));
    }

    @Override
    public void check(int out, int in) {
      if (in % cut(in) != 0) {
        throw new IllegalArgumentException("super-blocks of " + cut(in) + " do not divide " + in);
      }
      long groups = (long) out * perRow(in);
      scales.check("scales'", groups, perBlock);
      if (offset instanceof Offset.Below b) {
        b.below.check("minimums'", groups, perBlock);
      }
    }

    @Override
    public SuperBlocks select(int rows, IntUnaryOperator source, int in, int columns) {
      int from = perRow(in);
      int to = perRow(columns);
      Offset offsets =
          switch (offset) {
            case Offset.ZeroPoint z -> z;
            case Offset.Below b ->
                new Offset.Below(b.below.select(rows, source, from, to, perBlock));
          };
      return new SuperBlocks(
          groupSize, perBlock, scales.select(rows, source, from, to, perBlock), offsets);
    }
  }
}

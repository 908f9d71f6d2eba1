package dev.ashlar.tensor.quant;

import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.Tensor;
import java.util.Optional;
import java.util.function.IntUnaryOperator;

/**
 * A quantized weight matrix {@code [out, in]}: the meeting point of methods (which make it), files
 * (which spell it in bytes) and kernels (which repack it).
 *
 * <p>It is made of parts that know nothing of each other: {@link Codes}, {@link Groups} that say
 * how codes become weights, perhaps an explicit group for each input column (act-order
 * checkpoints), perhaps sparse {@link Outliers}. A weight is {@code w[o, k] = groups.weight(group
 * (o, k), codes.meaning(code[o, k])) + outlier[o, k]}, each step rounded to float; {@link
 * #dequantize} is that definition, which every packed kernel is held against.
 *
 * <p>Arrays are shared, not copied; treat a finished value as read-only.
 */
public final class QuantizedMatrix {
  private final int out;
  private final int in;
  private final Codes codes;
  private final Groups groups;
  private final int[] groupOfColumn;
  private final Outliers outliers;

  private QuantizedMatrix(
      int out, int in, Codes codes, Groups groups, int[] groupOfColumn, Outliers outliers) {
    Parts.require("codes", codes.values().length, (long) out * in);
    groups.check(out, in);
    if (groups instanceof Groups.ZeroPoints zeroPoints && codes instanceof Codes.Integers) {
      Parts.require("bits of codes", codes.bits(), zeroPoints.grid().bits());
    }
    if (groupOfColumn != null) {
      Parts.require("groupOfColumn", groupOfColumn.length, in);
      int count = groups.perRow(in);
      for (int g : groupOfColumn) {
        if (g < 0 || g >= count) {
          throw new IllegalArgumentException("column in group " + g + " of " + count);
        }
      }
    }
    if (outliers != null) {
      outliers.check(out, in);
    }
    this.out = out;
    this.in = in;
    this.codes = codes;
    this.groups = groups;
    this.groupOfColumn = groupOfColumn;
    this.outliers = outliers;
  }

  /**
   * Codes in groups of consecutive inputs, without outliers.
   *
   * @throws IllegalArgumentException if an array has not the length that the others ask for
   */
  public QuantizedMatrix(int out, int in, Codes codes, Groups groups) {
    this(out, in, codes, groups, null, null);
  }

  /**
   * Integer codes with a signed scale and a zero point per group.
   *
   * @param codes unsigned codes, {@code [out, in]}
   * @param scales signed scales, {@code [out, groups]}
   * @param zeros unsigned zero points, {@code [out, groups]}
   */
  public QuantizedMatrix(
      int out, int in, IntegerGrid grid, byte[] codes, float[] scales, byte[] zeros) {
    this(
        out,
        in,
        new Codes.Integers(grid.bits(), codes),
        new Groups.ZeroPoints(grid, scales, zeros));
  }

  /**
   * This matrix with an explicit group for each input column.
   *
   * @param group {@code [in]}, or null for {@code k / size}
   */
  public QuantizedMatrix withGroupOfColumn(int[] group) {
    return new QuantizedMatrix(out, in, codes, groups, group, outliers);
  }

  /** This matrix with floats that are added to what its codes mean, in place of any before. */
  public QuantizedMatrix withOutliers(Outliers added) {
    return new QuantizedMatrix(out, in, codes, groups, groupOfColumn, added);
  }

  /**
   * This matrix for inputs that are rounded so. Only groups with a scheme say anything of inputs;
   * those of files' blocks stay as they are.
   */
  public QuantizedMatrix withInputs(Optional<ActivationScheme> rounding) {
    if (inputs().equals(rounding)) {
      return this;
    }
    Groups other =
        switch (groups) {
          case Groups.ZeroPoints z ->
              new Groups.ZeroPoints(z.grid().withActivations(rounding), z.scales(), z.zeros());
          case Groups.Scales s ->
              new Groups.Scales(s.grid().withActivations(rounding), s.scales(), s.global());
          case Groups.Minimums m -> m;
          case Groups.SuperBlocks b -> b;
        };
    return new QuantizedMatrix(out, in, codes, other, groupOfColumn, outliers);
  }

  /**
   * The same weights by integer codes, where small floats in groups are whole multiples of a step
   * (E2M1 is, E4M3 is not); a negative zero becomes zero.
   */
  public Optional<QuantizedMatrix> withIntegerCodes() {
    return WholeCodes.of(this);
  }

  /** How its inputs are rounded, or empty if they are taken as they are. */
  public Optional<ActivationScheme> inputs() {
    return switch (groups) {
      case Groups.ZeroPoints z -> z.grid().activations();
      case Groups.Scales s -> s.grid().activations();
      case Groups.Minimums m -> Optional.empty();
      case Groups.SuperBlocks b -> Optional.empty();
    };
  }

  public int out() {
    return out;
  }

  public int in() {
    return in;
  }

  /** Codes {@code [out, in]}. */
  public Codes codes() {
    return codes;
  }

  /** Scales and what goes with them. */
  public Groups groups() {
    return groups;
  }

  /** Group of each input column, or null where it is {@code k / size}. */
  public int[] groupOfColumn() {
    return groupOfColumn;
  }

  /** Floats that are added to what the codes mean. */
  public Optional<Outliers> outliers() {
    return Optional.ofNullable(outliers);
  }

  /** Groups per row. */
  public int groupsPerRow() {
    return groups.perRow(in);
  }

  /** Group of input column {@code k}, within its row. */
  public int group(int k) {
    return groupOfColumn != null ? groupOfColumn[k] : k / groups.size(in);
  }

  /**
   * The groups of a matrix of integer codes with integer zero points and nothing beside: all that
   * layouts of the GPTQ and AWQ families can spell.
   *
   * @throws IllegalArgumentException saying what the matrix has instead
   */
  public Groups.ZeroPoints zeroPoints() {
    if (codes instanceof Codes.Integers
        && groups instanceof Groups.ZeroPoints zeroPoints
        && outliers == null) {
      return zeroPoints;
    }
    String found =
        outliers != null
            ? "sparse outliers"
            : codes instanceof Codes.Table ? "codes of a table" : "groups with float minimums";
    throw new IllegalArgumentException(
        "only integer codes with integer zero points can be stored here, and this matrix has "
            + found);
  }

  /**
   * The scheme that the matrix was made by, whatever there is beside it; blocks of files and tables
   * without small floats say none.
   */
  public Optional<QuantScheme> described() {
    if (groups instanceof Groups.Scales s) {
      return Optional.of(s.grid());
    }
    if (codes instanceof Codes.Integers && groups instanceof Groups.SuperBlocks blocks) {
      return SuperGrid.of(codes.bits(), blocks).map(grid -> grid);
    }
    boolean integers = codes instanceof Codes.Integers && !(groups instanceof Groups.SuperBlocks);
    return integers ? Optional.of(scheme()) : Optional.empty();
  }

  /**
   * Bits, groups and symmetry of integer codes, whatever there is beside them; groups with minimums
   * are asymmetric.
   *
   * @throws IllegalArgumentException saying what the matrix has instead
   */
  public IntegerGrid scheme() {
    if (codes instanceof Codes.Integers) {
      if (groups instanceof Groups.ZeroPoints g) {
        return g.grid();
      }
      if (groups instanceof Groups.Minimums g) {
        return new IntegerGrid(codes.bits(), g.groupSize(), false, DType.F32);
      }
    }
    return zeroPoints().grid();
  }

  /**
   * A copy of the first rows and columns, as if these were ordered by group: something small that
   * takes the same ways through a kernel.
   *
   * @param columns a multiple of {@link Groups#cut}, or all
   */
  public QuantizedMatrix corner(int rows, int columns) {
    return select(rows, IntUnaryOperator.identity(), columns, null);
  }

  /**
   * A copy with the rows in another order.
   *
   * @param source which row of this one comes to a place
   */
  public QuantizedMatrix withRows(IntUnaryOperator source) {
    return select(out, source, in, groupOfColumn);
  }

  private QuantizedMatrix select(int rows, IntUnaryOperator source, int columns, int[] group) {
    return new QuantizedMatrix(
        rows,
        columns,
        codes.with(Parts.rows(codes.values(), rows, source, in, columns)),
        groups.select(rows, source, in, columns),
        group,
        outliers == null ? null : outliers.select(rows, source, columns));
  }

  /** The weights of row {@code o} that the codes give, without outliers, in {@code row [in]}. */
  public void readRow(int o, float[] row, int at) {
    byte[] values = codes.values();
    int first = o * groupsPerRow();
    if (groupOfColumn == null
        && codes instanceof Codes.Integers
        && groups instanceof Groups.ZeroPoints z) {
      readRow(values, o * in, z, first, row, at);
      return;
    }
    for (int k = 0; k < in; k++) {
      row[at + k] = groups.weight(first + group(k), codes.meaning(values[o * in + k] & 0xFF));
    }
  }

  /** The common case, {@link Groups.ZeroPoints#weight} group by group. */
  private void readRow(
      byte[] values, int from, Groups.ZeroPoints z, int group, float[] row, int at) {
    int size = z.size(in);
    for (int k = 0, g = group; k < in; g++) {
      float scale = z.scales()[g];
      int zero = z.zeros()[g] & 0xFF;
      for (int end = Math.min(k + size, in); k < end; k++) {
        // Both are whole and small: their difference is the same in floats.
        row[at + k] = scale * ((values[from + k] & 0xFF) - zero);
      }
    }
  }

  /** The float matrix {@code [out, in]}, outliers included. */
  public Tensor dequantize() {
    Tensor w = Tensor.zeros(out, in);
    for (int o = 0; o < out; o++) {
      readRow(o, w.data(), o * in);
      if (outliers != null) {
        outliers.addTo(o, w.data(), o * in);
      }
    }
    return w;
  }

  /**
   * What a kernel's ways depend on, the extents apart: for example {@code 4-bit Integers in
   * ZeroPoints of 32}.
   */
  public String kind() {
    return codes.bits()
        + "-bit "
        + codes.getClass().getSimpleName()
        + " in "
        + groups.getClass().getSimpleName()
        + " of "
        + groups.size(in)
        + (outliers == null ? "" : " with " + outliers.getClass().getSimpleName());
  }

  /** For example {@code [64, 256] 4-bit Integers in ZeroPoints of 32}. */
  @Override
  public String toString() {
    return "[" + out + ", " + in + "] " + kind();
  }
}

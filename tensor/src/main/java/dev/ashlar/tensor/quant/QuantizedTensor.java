package dev.ashlar.tensor.quant;

import dev.ashlar.tensor.Tensor;

/**
 * A weight matrix {@code [out, in]} as plain codes with signed scales and zero points: the meeting
 * point of methods (which make it), layouts (which spell it in bytes) and kernels (which repack
 * it).
 *
 * <p>Arrays are shared, not copied; treat a finished tensor as read-only. Value (formats
 * specification 3.1): {@code w[o, k] = scale[o, g(k)] · (code[o, k] − zero[o, g(k)])}, where {@code
 * g(k) = k / groupSize} unless {@link #groupOfColumn()} says otherwise.
 */
public final class QuantizedTensor {
  private final int out;
  private final int in;
  private final QuantScheme scheme;
  private final byte[] codes;
  private final float[] scales;
  private final byte[] zeros;
  private final int[] groupOfColumn;

  /**
   * Codes in natural column order.
   *
   * @param codes unsigned codes, {@code [out, in]}
   * @param scales signed scales, {@code [out, groups]}
   * @param zeros unsigned zero points, {@code [out, groups]}
   */
  public QuantizedTensor(
      int out, int in, QuantScheme scheme, byte[] codes, float[] scales, byte[] zeros) {
    this(out, in, scheme, codes, scales, zeros, null);
  }

  /**
   * As above with an explicit group for each input column (act-order checkpoints).
   *
   * @param groupOfColumn {@code [in]}, or null for {@code k / groupSize}
   */
  public QuantizedTensor(
      int out,
      int in,
      QuantScheme scheme,
      byte[] codes,
      float[] scales,
      byte[] zeros,
      int[] groupOfColumn) {
    int groups = scheme.groups(in);
    require("codes", codes.length, (long) out * in);
    require("scales", scales.length, (long) out * groups);
    require("zeros", zeros.length, (long) out * groups);
    if (groupOfColumn != null) {
      require("groupOfColumn", groupOfColumn.length, in);
      for (int g : groupOfColumn) {
        if (g < 0 || g >= groups) {
          throw new IllegalArgumentException("column in group " + g + " of " + groups);
        }
      }
    }
    this.out = out;
    this.in = in;
    this.scheme = scheme;
    this.codes = codes;
    this.scales = scales;
    this.zeros = zeros;
    this.groupOfColumn = groupOfColumn;
  }

  private static void require(String what, long found, long expected) {
    if (found != expected) {
      throw new IllegalArgumentException(what + ": expected " + expected + ", found " + found);
    }
  }

  /** The same as a matrix of parts. */
  public QuantizedMatrix matrix() {
    return new QuantizedMatrix(out, in, scheme, codes, scales, zeros)
        .withGroupOfColumn(groupOfColumn);
  }

  public int out() {
    return out;
  }

  public int in() {
    return in;
  }

  public QuantScheme scheme() {
    return scheme;
  }

  /** Groups per row. */
  public int groups() {
    return scheme.groups(in);
  }

  /** Unsigned codes {@code [out, in]}, one per byte. */
  public byte[] codes() {
    return codes;
  }

  /** Signed scales {@code [out, groups]}. */
  public float[] scales() {
    return scales;
  }

  /** Unsigned zero points {@code [out, groups]}, one per byte. */
  public byte[] zeros() {
    return zeros;
  }

  /** Group of each input column, or null where it is {@code k / groupSize}. */
  public int[] groupOfColumn() {
    return groupOfColumn;
  }

  /** Group of input column {@code k}. */
  public int group(int k) {
    return groupOfColumn != null ? groupOfColumn[k] : k / scheme.effectiveGroup(in);
  }

  /** A copy of the first rows and columns, as if these were ordered by group. */
  public QuantizedTensor corner(int rows, int columns) {
    int few = scheme.groups(columns);
    byte[] c = new byte[rows * columns];
    float[] s = new float[rows * few];
    byte[] z = new byte[rows * few];
    for (int o = 0; o < rows; o++) {
      System.arraycopy(codes, o * in, c, o * columns, columns);
      System.arraycopy(scales, o * groups(), s, o * few, few);
      System.arraycopy(zeros, o * groups(), z, o * few, few);
    }
    return new QuantizedTensor(rows, columns, scheme, c, s, z);
  }

  /** The float matrix {@code [out, in]}: the definition every packed kernel is held against. */
  public Tensor dequantize() {
    Tensor w = Tensor.zeros(out, in);
    float[] data = w.data();
    int groups = groups();
    for (int o = 0; o < out; o++) {
      for (int k = 0; k < in; k++) {
        int g = o * groups + group(k);
        int i = o * in + k;
        data[i] = scales[g] * ((codes[i] & 0xFF) - (zeros[g] & 0xFF));
      }
    }
    return w;
  }
}

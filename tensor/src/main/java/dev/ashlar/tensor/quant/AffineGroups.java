package dev.ashlar.tensor.quant;

import dev.ashlar.tensor.Tensor;

/**
 * A weight matrix {@code [out, in]} as plain codes with a float scale and a float minimum per group
 * of consecutive inputs: {@code w[o, k] = scale[o, g] · code[o, k] + minimum[o, g]}, {@code g = k /
 * groupSize}, rounded once.
 *
 * <p>This is what files hold whose blocks have minimums instead of integer zero points (GGUF). It
 * is read to be multiplied by; methods make and layouts write {@link QuantizedTensor}. Arrays are
 * shared, not copied; treat a finished value as read-only.
 */
public final class AffineGroups {
  private final int out;
  private final int in;
  private final int bits;
  private final int groupSize;
  private final byte[] codes;
  private final float[] scales;
  private final float[] minimums;

  /**
   * @param bits 2 to 8; codes are below {@code 2^bits}
   * @param groupSize a divisor of {@code in}
   * @param codes unsigned codes, {@code [out, in]}
   * @param scales {@code [out, in / groupSize]}
   * @param minimums {@code [out, in / groupSize]}
   */
  public AffineGroups(
      int out, int in, int bits, int groupSize, byte[] codes, float[] scales, float[] minimums) {
    if (bits < 2 || bits > 8) {
      throw new IllegalArgumentException("bits must be 2 to 8: " + bits);
    }
    if (groupSize < 1 || in % groupSize != 0) {
      throw new IllegalArgumentException("groups of " + groupSize + " do not divide " + in);
    }
    long groups = (long) out * (in / groupSize);
    require("codes", codes.length, (long) out * in);
    require("scales", scales.length, groups);
    require("minimums", minimums.length, groups);
    this.out = out;
    this.in = in;
    this.bits = bits;
    this.groupSize = groupSize;
    this.codes = codes;
    this.scales = scales;
    this.minimums = minimums;
  }

  private static void require(String what, long found, long expected) {
    if (found != expected) {
      throw new IllegalArgumentException(what + ": expected " + expected + ", found " + found);
    }
  }

  public int out() {
    return out;
  }

  public int in() {
    return in;
  }

  /** Bits per code. */
  public int bits() {
    return bits;
  }

  /** Inputs per group. */
  public int groupSize() {
    return groupSize;
  }

  /** Groups per row. */
  public int groups() {
    return in / groupSize;
  }

  /** Unsigned codes {@code [out, in]}, one per byte. */
  public byte[] codes() {
    return codes;
  }

  /** Scales {@code [out, groups]}. */
  public float[] scales() {
    return scales;
  }

  /** Minimums {@code [out, groups]}: the weights of code zero. */
  public float[] minimums() {
    return minimums;
  }

  /** A copy of the first rows and columns, {@code columns} being whole groups. */
  public AffineGroups corner(int rows, int columns) {
    int few = columns / groupSize;
    byte[] c = new byte[rows * columns];
    float[] s = new float[rows * few];
    float[] m = new float[rows * few];
    for (int o = 0; o < rows; o++) {
      System.arraycopy(codes, o * in, c, o * columns, columns);
      System.arraycopy(scales, o * groups(), s, o * few, few);
      System.arraycopy(minimums, o * groups(), m, o * few, few);
    }
    return new AffineGroups(rows, columns, bits, groupSize, c, s, m);
  }

  /** The weight at row {@code o}, column {@code k}. */
  public float weight(int o, int k) {
    int g = o * groups() + k / groupSize;
    return Math.fma(scales[g], codes[o * in + k] & 0xFF, minimums[g]);
  }

  /** The float matrix {@code [out, in]}. */
  public Tensor dequantize() {
    Tensor w = Tensor.zeros(out, in);
    for (int o = 0; o < out; o++) {
      for (int k = 0; k < in; k++) {
        w.data()[o * in + k] = weight(o, k);
      }
    }
    return w;
  }
}

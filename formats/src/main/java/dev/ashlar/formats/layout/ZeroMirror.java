package dev.ashlar.formats.layout;

import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantizedMatrix;

/**
 * Spells groups whose zero point is 0 without a zero point of 0, for layouts that store {@code zp −
 * 1} and so cannot hold it (docs/formats.md, GPTQ).
 *
 * <p>With zp = 0 a weight is {@code s·u}. Mirrored, {@code (−s)·((max − u) − max)} is the same
 * number, bit for bit: scale {@code −s}, code {@code max − u}, zero point {@code max}. Nothing is
 * rounded again, and negative scales are ordinary in this family of formats (symmetric AutoRound
 * weights have them).
 */
public final class ZeroMirror {
  private ZeroMirror() {}

  /** Number of groups whose zero point is 0. */
  public static int groupsAtZero(QuantizedMatrix tensor) {
    int count = 0;
    for (byte zero : tensor.zeroPoints().zeros()) {
      count += zero == 0 ? 1 : 0;
    }
    return count;
  }

  /** The same matrix without zero points of 0; {@code tensor} itself if it has none. */
  public static QuantizedMatrix mirrored(QuantizedMatrix tensor) {
    if (groupsAtZero(tensor) == 0) {
      return tensor;
    }
    IntegerGrid scheme = tensor.scheme();
    int max = scheme.maxCode();
    int in = tensor.in();
    int groups = tensor.groupsPerRow();
    byte[] before = tensor.zeroPoints().zeros();
    byte[] codes = tensor.codes().values().clone();
    byte[] zeros = before.clone();
    float[] scales = tensor.zeroPoints().scales().clone();
    for (int o = 0; o < tensor.out(); o++) {
      for (int k = 0; k < in; k++) {
        if (before[o * groups + tensor.group(k)] == 0) {
          int i = o * in + k;
          codes[i] = (byte) (max - (codes[i] & 0xFF));
        }
      }
    }
    for (int i = 0; i < zeros.length; i++) {
      if (zeros[i] == 0) {
        zeros[i] = (byte) max;
        scales[i] = -scales[i];
      }
    }
    return new QuantizedMatrix(tensor.out(), in, scheme, codes, scales, zeros)
        .withGroupOfColumn(tensor.groupOfColumn());
  }
}

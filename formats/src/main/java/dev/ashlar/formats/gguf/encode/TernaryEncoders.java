package dev.ashlar.formats.gguf.encode;

import dev.ashlar.tensor.blocks.Row;

/** The 256-element blocks of values −d, 0 and d, with {@code d} the largest magnitude. */
public final class TernaryEncoders {
  private static final int SIZE = 256;

  private TernaryEncoders() {}

  /** qs[48] (five base-3 digits a byte), qh[4] (four), f16 d. */
  public static void tq1(Row row, int from, byte[] dst, int to) {
    int[] digits = new int[SIZE];
    Bytes.half(dst, to + 52, digits(row.values(), from, digits));
    pack(digits, 0, 32, 5, dst, to);
    pack(digits, 160, 16, 5, dst, to + 32);
    pack(digits, 240, 4, 4, dst, to + 48);
  }

  /** qs[64] (four two-bit codes a byte), f16 d. */
  public static void tq2(Row row, int from, byte[] dst, int to) {
    int[] digits = new int[SIZE];
    Bytes.half(dst, to + 64, digits(row.values(), from, digits));
    java.util.Arrays.fill(dst, to, to + 64, (byte) 0);
    Bytes.twoBits(digits, dst, to);
  }

  private static float digits(float[] x, int from, int[] digits) {
    float d = 0;
    for (int i = from; i < from + SIZE; i++) {
      d = Math.max(d, Math.abs(x[i]));
    }
    float inverse = d == 0 ? 0 : 1 / d;
    for (int i = 0; i < SIZE; i++) {
      double scaled = x[from + i] * inverse;
      digits[i] = (int) (scaled + Math.copySign(0.5, scaled)) + 1;
    }
    return d;
  }

  /** A byte is its digits, the first highest, as a fraction of 256, rounded up. */
  private static void pack(int[] digits, int from, int bytes, int count, byte[] dst, int to) {
    for (int j = 0; j < bytes; j++) {
      int number = 0;
      for (int n = 0; n < 5; n++) {
        number = 3 * number + (n < count ? digits[from + n * bytes + j] : 0);
      }
      dst[to + j] = (byte) Math.ceilDiv(256 * number, 243);
    }
  }
}

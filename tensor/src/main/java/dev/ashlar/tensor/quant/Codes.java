package dev.ashlar.tensor.quant;

/**
 * The codes of a quantized matrix {@code [out, in]}, one per byte, unsigned: what each stands for
 * before its group's scale. Arrays are shared, not copied; treat them as read-only.
 */
public sealed interface Codes {
  /** Bits that a code needs: values are below {@code 2^bits}. */
  int bits();

  /** Codes {@code [out, in]}, one per byte. */
  byte[] values();

  /** What a code stands for, an exact float. */
  float meaning(int code);

  /** Other codes of the same kind. */
  Codes with(byte[] values);

  /**
   * Codes that stand for themselves.
   *
   * @param bits 2 to 8
   */
  record Integers(int bits, byte[] values) implements Codes {
    public Integers {
      if (bits < 2 || bits > 8) {
        throw new IllegalArgumentException("bits must be 2 to 8: " + bits);
      }
    }

    @Override
    public float meaning(int code) {
      return code;
    }

    @Override
    public Integers with(byte[] other) {
      return new Integers(bits, other);
    }
  }

  /**
   * Codes that are looked up in a table, as those of FP4 and NF4.
   *
   * @param table {@code [2^bits]} finite values, with {@code bits} 2 to 8
   */
  record Table(float[] table, byte[] values) implements Codes {
    /** The values of NF4 (arXiv 2305.14314, appendix E): quantiles of the normal distribution. */
    private static final float[] NF4 = {
      -1,
      -0.6961928009986877f,
      -0.5250730514526367f,
      -0.39491748809814453f,
      -0.28444138169288635f,
      -0.18477343022823334f,
      -0.09105003625154495f,
      0,
      0.07958029955625534f,
      0.16093020141124725f,
      0.24611230194568634f,
      0.33791524171829224f,
      0.44070982933044434f,
      0.5626170039176941f,
      0.7229568362236023f,
      1
    };

    public Table {
      if (Integer.bitCount(table.length) != 1 || table.length < 4 || table.length > 256) {
        throw new IllegalArgumentException(
            "a table must have 4, 8, 16 … 256 values: " + table.length);
      }
      for (float value : table) {
        if (!Float.isFinite(value)) {
          throw new IllegalArgumentException("a table must hold finite values: " + value);
        }
      }
    }

    /** Codes of small floats. */
    public static Table of(FloatFormat format, byte[] values) {
      return new Table(format.table(), values);
    }

    /** Codes of NF4. */
    public static Table nf4(byte[] values) {
      return new Table(NF4, values);
    }

    @Override
    public int bits() {
      return Integer.numberOfTrailingZeros(table.length);
    }

    @Override
    public float meaning(int code) {
      return table[code];
    }

    @Override
    public Table with(byte[] other) {
      return new Table(table, other);
    }
  }
}

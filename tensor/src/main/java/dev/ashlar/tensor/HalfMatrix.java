package dev.ashlar.tensor;

/**
 * A dense matrix {@code [out, in]} of 16-bit floats, row after row, as files hold it. It takes half
 * the memory of a {@link Tensor}, and products read it as it is; it takes no part in training.
 */
public final class HalfMatrix {
  private static final int BF16_EXPONENT = 0x7F80;
  private static final int F16_EXPONENT = 0x7C00;

  private final DType type;
  private final int out;
  private final int in;
  private final short[] bits;

  /**
   * A matrix over {@code bits}, which are not copied.
   *
   * @param type {@link DType#F16} or {@link DType#BF16}
   * @param bits {@code out·in} elements
   */
  public HalfMatrix(DType type, int out, int in, short[] bits) {
    if (type != DType.F16 && type != DType.BF16) {
      throw new IllegalArgumentException(type + " is no float type of 16 bits");
    }
    if (out < 0 || in < 0 || Math.multiplyFull(out, in) != bits.length) {
      throw new IllegalArgumentException(
          "a matrix [" + out + ", " + in + "] over " + bits.length + " elements");
    }
    this.type = type;
    this.out = out;
    this.in = in;
    this.bits = bits;
  }

  /** Which of the two kinds. */
  public DType type() {
    return type;
  }

  /** Rows. */
  public int out() {
    return out;
  }

  /** Columns. */
  public int in() {
    return in;
  }

  /** The live array; element {@code (o, i)} is at {@code o·in + i}. */
  public short[] bits() {
    return bits;
  }

  /** Bytes that one product reads. */
  public long byteSize() {
    return (long) Short.BYTES * bits.length;
  }

  /** Whether no element is infinite or NaN. */
  public boolean isFinite() {
    int exponent = type == DType.BF16 ? BF16_EXPONENT : F16_EXPONENT;
    // Carries into the sign bit if the exponent is all ones.
    int add = 0x8000 - exponent;
    int carry = 0;
    int i = 0;
    // Four at a time: while models are opened, this runs mostly in code that counts its turns.
    for (; i <= bits.length - 4; i += 4) {
      int first = (bits[i] & exponent) + add | (bits[i + 1] & exponent) + add;
      int second = (bits[i + 2] & exponent) + add | (bits[i + 3] & exponent) + add;
      carry |= first | second;
    }
    for (; i < bits.length; i++) {
      carry |= (bits[i] & exponent) + add;
    }
    return (carry & 0x8000) == 0;
  }

  /** Element {@code index} of all, as a float. */
  public float value(int index) {
    short b = bits[index];
    return type == DType.BF16 ? Float.intBitsToFloat(b << 16) : Float.float16ToFloat(b);
  }

  /** Row {@code o} as floats in {@code row}, from {@code at} on. */
  public void readRow(int o, float[] row, int at) {
    for (int i = 0; i < in; i++) {
      row[at + i] = value(o * in + i);
    }
  }

  /** The same values as floats, a new tensor. */
  public Tensor toTensor() {
    Tensor t = Tensor.zeros(out, in);
    for (int o = 0; o < out; o++) {
      readRow(o, t.data(), o * in);
    }
    return t;
  }
}

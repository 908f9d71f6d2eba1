package dev.ashlar.tensor;

import dev.ashlar.tensor.weights.StoredTensor;

/**
 * How one element of a stored tensor is written. What Ashlar computes is always {@code F32}; the
 * others are what files hold.
 *
 * <p>Block-quantized GGUF types are not elements and so are not here: a {@link StoredTensor} of
 * such a type reports {@link #F32}, the type it widens to, and names its own type in {@link
 * StoredTensor#storage()}.
 */
public enum DType {
  BOOL(1),
  U8(1),
  I8(1),
  F8_E4M3(1),
  F8_E5M2(1),
  F8_E8M0(1),
  U16(2),
  I16(2),
  F16(2),
  BF16(2),
  U32(4),
  I32(4),
  F32(4),
  U64(8),
  I64(8),
  F64(8);

  private final int bytes;

  DType(int bytes) {
    this.bytes = bytes;
  }

  /** Size of one element in bytes. */
  public int bytes() {
    return bytes;
  }

  /**
   * The nearest value that half precision of this kind holds; other types give {@code x} itself.
   */
  public float rounded(float x) {
    return switch (this) {
      case F16 -> Float.float16ToFloat(Float.floatToFloat16(x));
      case BF16 -> {
        int bits = Float.floatToRawIntBits(x);
        yield Float.intBitsToFloat(bits + 0x7FFF + (bits >>> 16 & 1) & 0xFFFF0000);
      }
      default -> x;
    };
  }

  /** Whether the type is one of the float types a weight may be stored in. */
  public boolean isFloat() {
    return switch (this) {
      case F16, BF16, F32, F64, F8_E4M3, F8_E5M2, F8_E8M0 -> true;
      case BOOL, U8, I8, U16, I16, U32, I32, U64, I64 -> false;
    };
  }
}

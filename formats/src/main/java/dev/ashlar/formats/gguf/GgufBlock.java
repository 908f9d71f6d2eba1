package dev.ashlar.formats.gguf;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Widens one block of a block-quantized type: the definition of that type. */
@FunctionalInterface
interface GgufBlock {
  /**
   * Widens the block that begins at {@code src[from]} into {@code dst} from {@code to} on.
   *
   * @param src the block's bytes, as many as its type has
   * @param dst room for as many elements as the type has
   */
  void dequantize(byte[] src, int from, float[] dst, int to);

  /** Little-endian words inside a block. */
  final class Words {
    private static final VarHandle SHORT =
        MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INT =
        MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

    private Words() {}

    /** The half-precision float at {@code at}. */
    static float half(byte[] src, int at) {
      return Float.float16ToFloat((short) SHORT.get(src, at));
    }

    /** The unsigned 16-bit word at {@code at}. */
    static int u16(byte[] src, int at) {
      return (short) SHORT.get(src, at) & 0xFFFF;
    }

    /** The 32-bit word at {@code at}. */
    static int word(byte[] src, int at) {
      return (int) INT.get(src, at);
    }

    /** The nibble with index {@code i} of the bytes from {@code at} on, low nibbles first. */
    static int nibble(byte[] src, int at, int i) {
      return src[at + i / 2] >> 4 * (i & 1) & 15;
    }
  }
}

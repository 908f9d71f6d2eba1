package dev.ashlar.formats.checkpoint;

import dev.ashlar.io.file.OpenFile;
import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.quant.FloatFormat;

/** Widens stored elements to float, read from an {@link OpenFile} in chunks. */
public final class Elements {
  private static final int CHUNK = 1 << 15;
  private static final float[] E4M3 = e4m3();

  private Elements() {}

  /**
   * Widens {@code count} elements of {@code type} that begin at file position {@code position}.
   * Integers are converted by value, booleans to 0 and 1.
   */
  public static void widen(
      OpenFile file, DType type, long position, float[] target, int offset, int count) {
    if (type == DType.F32) {
      file.floats(position, target, offset, count);
      return;
    }
    int done = 0;
    while (done < count) {
      int n = Math.min(CHUNK, count - done);
      long at = position + (long) done * type.bytes();
      switch (type.bytes()) {
        case 1 -> narrow(file, type, at, target, offset + done, n);
        case 2 -> halves(file, type, at, target, offset + done, n);
        case 4 -> words(file, type, at, target, offset + done, n);
        default -> doubles(file, type, at, target, offset + done, n);
      }
      done += n;
    }
  }

  private static void narrow(OpenFile file, DType type, long at, float[] to, int o, int n) {
    byte[] raw = new byte[n];
    file.bytes(at, raw, 0, n);
    for (int i = 0; i < n; i++) {
      to[o + i] =
          switch (type) {
            case BOOL -> raw[i] == 0 ? 0 : 1;
            case I8 -> raw[i];
            case F8_E4M3 -> E4M3[raw[i] & 0xFF];
            case F8_E5M2 -> Float.float16ToFloat((short) (raw[i] << 8));
            case F8_E8M0 -> e8m0(raw[i] & 0xFF);
            default -> raw[i] & 0xFF;
          };
    }
  }

  private static void halves(OpenFile file, DType type, long at, float[] to, int o, int n) {
    short[] raw = new short[n];
    file.shorts(at, raw, 0, n);
    switch (type) {
      case BF16 -> Backends.chosen().conversion().widenBf16(n, raw, 0, to, o);
      case F16 -> Backends.chosen().conversion().widenF16(n, raw, 0, to, o);
      default -> {
        for (int i = 0; i < n; i++) {
          to[o + i] = type == DType.I16 ? raw[i] : raw[i] & 0xFFFF;
        }
      }
    }
  }

  private static void words(OpenFile file, DType type, long at, float[] to, int o, int n) {
    int[] raw = new int[n];
    file.ints(at, raw, 0, n);
    for (int i = 0; i < n; i++) {
      to[o + i] = type == DType.I32 ? raw[i] : (float) (raw[i] & 0xFFFFFFFFL);
    }
  }

  private static void doubles(OpenFile file, DType type, long at, float[] to, int o, int n) {
    long[] raw = new long[n];
    file.longs(at, raw, 0, n);
    for (int i = 0; i < n; i++) {
      to[o + i] =
          switch (type) {
            case F64 -> (float) Double.longBitsToDouble(raw[i]);
            case I64 -> (float) raw[i];
            default -> unsigned(raw[i]);
          };
    }
  }

  /** Halving with a sticky low bit keeps the rounding of a value beyond 2^63 correct. */
  private static float unsigned(long v) {
    return v >= 0 ? (float) v : (float) ((v >>> 1) | (v & 1)) * 2f;
  }

  /** The value 2^(e − 127); 255 is NaN (OCP microscaling formats, E8M0). */
  public static float e8m0(int e) {
    return switch (e) {
      case 0 -> Float.intBitsToFloat(0x00400000);
      case 255 -> Float.NaN;
      default -> Float.intBitsToFloat(e << 23);
    };
  }

  /** The values of E4M3 bytes, which have no infinities (OCP 8-bit floating point). */
  private static float[] e4m3() {
    float[] table = new float[256];
    for (int b = 0; b < table.length; b++) {
      table[b] = FloatFormat.E4M3.value(b);
    }
    return table;
  }

  /** The nearest BF16, ties to even; NaN stays NaN. */
  public static short bf16(float v) {
    int bits = Float.floatToRawIntBits(v);
    if (Float.isNaN(v)) {
      return (short) (bits >>> 16 | 0x40);
    }
    return (short) (bits + 0x7FFF + (bits >>> 16 & 1) >>> 16);
  }
}

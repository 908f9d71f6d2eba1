package dev.ashlar.formats.layout;

import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.weights.StoredTensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Locale;

/** Floats and integers of packed modules that lie as they are in memory. */
final class PlainParts {
  private PlainParts() {}

  /** Whether half precision holds all values exactly. */
  static boolean fitHalf(float[] values) {
    for (float v : values) {
      if (DType.F16.rounded(v) != v) {
        return false;
      }
    }
    return true;
  }

  /**
   * The tensor to write, F16 or F32.
   *
   * @throws IllegalArgumentException if a value is not finite in that type
   */
  static PackedTensor floats(
      String module, String part, Shape shape, float[] values, boolean half) {
    DType type = half ? DType.F16 : DType.F32;
    ByteBuffer bytes =
        ByteBuffer.allocate(Math.multiplyExact(values.length, type.bytes()))
            .order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < values.length; i++) {
      if (!Float.isFinite(type.rounded(values[i]))) {
        long groups = shape.dim(-1);
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "%s.%s: output %d, group %d is %s, which %s cannot hold",
                module,
                part,
                i / groups,
                i % groups,
                values[i],
                type));
      }
      if (half) {
        bytes.putShort(Float.floatToFloat16(values[i]));
      } else {
        bytes.putFloat(values[i]);
      }
    }
    return new PackedTensor(module + "." + part, type, shape, bytes.array());
  }

  /** The tensor to write, I32. */
  static PackedTensor ints(String module, String part, Shape shape, int[] values) {
    ByteBuffer bytes =
        ByteBuffer.allocate(Math.multiplyExact(values.length, Integer.BYTES))
            .order(ByteOrder.LITTLE_ENDIAN);
    bytes.asIntBuffer().put(values);
    return new PackedTensor(module + "." + part, DType.I32, shape, bytes.array());
  }

  /** The tensor to write, I64. */
  static PackedTensor longs(String module, String part, long... values) {
    ByteBuffer bytes =
        ByteBuffer.allocate(values.length * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asLongBuffer().put(values);
    Shape shape = Shape.of(values.length);
    return new PackedTensor(module + "." + part, DType.I64, shape, bytes.array());
  }

  /** The few values of a part, I64 or I32, after its type and their number were checked. */
  static long[] longs(PackedModule packed, String part, int count) {
    StoredTensor stored = packed.part(part, 1, DType.I64, DType.I32);
    if (stored.shape().size() != count) {
      throw packed.fault(part, count + " numbers", stored.shape().toString(), "");
    }
    byte[] raw = new byte[Math.toIntExact(stored.byteSize())];
    stored.readBytes(0, raw, 0, raw.length);
    ByteBuffer bytes = ByteBuffer.wrap(raw).order(ByteOrder.LITTLE_ENDIAN);
    long[] values = new long[count];
    for (int i = 0; i < count; i++) {
      values[i] = stored.dtype() == DType.I64 ? bytes.getLong() : bytes.getInt();
    }
    return values;
  }

  /** All values of a part whose type was checked; refuses the first that is not finite. */
  static float[] floats(PackedModule packed, String part) {
    StoredTensor stored = packed.parts().get(part);
    float[] values = new float[Math.toIntExact(stored.shape().size())];
    stored.read(0, values, 0, values.length);
    for (int i = 0; i < values.length; i++) {
      if (!Float.isFinite(values[i])) {
        throw packed.fault(part, "finite values", values[i] + " at " + i, "");
      }
    }
    return values;
  }

  /** All values of an I32 part whose type was checked. */
  static int[] ints(PackedModule packed, String part) {
    StoredTensor stored = packed.parts().get(part);
    byte[] raw = new byte[Math.toIntExact(stored.byteSize())];
    stored.readBytes(0, raw, 0, raw.length);
    int[] values = new int[raw.length / Integer.BYTES];
    ByteBuffer.wrap(raw).order(ByteOrder.LITTLE_ENDIAN).asIntBuffer().get(values);
    return values;
  }
}

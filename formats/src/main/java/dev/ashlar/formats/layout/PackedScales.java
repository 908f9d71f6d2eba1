package dev.ashlar.formats.layout;

import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tensor.weights.StoredTensor;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Locale;

/**
 * Scales as the GPTQ and AWQ families store them: {@code [groups, out]}, transposed with respect to
 * those of {@link QuantizedMatrix}. F16 and F32 are written, as the scheme says; F16, BF16 and F32
 * are read.
 */
final class PackedScales {
  /** Suffix of the tensor. */
  static final String PART = "scales";

  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

  private static final VarHandle SHORT =
      MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);

  private PackedScales() {}

  /** The stored tensor, checked for type and rank. */
  static StoredTensor part(PackedModule packed) {
    return packed.part(PART, 2, DType.F16, DType.BF16, DType.F32);
  }

  /**
   * The tensor to write, of the type that the scheme's scales have.
   *
   * @throws IllegalArgumentException if a scale is not finite in that type
   */
  static PackedTensor pack(String module, QuantizedMatrix tensor) {
    int out = tensor.out();
    int groups = tensor.groupsPerRow();
    float[] scales = tensor.zeroPoints().scales();
    DType type = tensor.scheme().scaleType();
    boolean half = type == DType.F16;
    int size = half ? Short.BYTES : Integer.BYTES;
    byte[] bytes = new byte[Math.multiplyExact(scales.length, size)];
    for (int o = 0; o < out; o++) {
      for (int g = 0; g < groups; g++) {
        float scale = scales[o * groups + g];
        short bits = Float.floatToFloat16(scale);
        if (!Float.isFinite(half ? Float.float16ToFloat(bits) : scale)) {
          throw new IllegalArgumentException(
              String.format(
                  Locale.ROOT,
                  "%s: the scale of output %d, group %d is %s, which %s cannot hold",
                  module,
                  o,
                  g,
                  scale,
                  type));
        }
        if (half) {
          SHORT.set(bytes, (g * out + o) * size, bits);
        } else {
          INT.set(bytes, (g * out + o) * size, Float.floatToRawIntBits(scale));
        }
      }
    }
    return new PackedTensor(module + "." + PART, type, Shape.of(groups, out), bytes);
  }

  /** A scheme whose scales have a type that holds these: what is read can be written again. */
  static IntegerGrid typed(IntegerGrid scheme, float[] scales) {
    boolean half = true;
    for (float scale : scales) {
      half &= Float.float16ToFloat(Float.floatToFloat16(scale)) == scale;
    }
    DType type = half ? DType.F16 : DType.F32;
    return new IntegerGrid(scheme.bits(), scheme.groupSize(), scheme.symmetric(), type);
  }

  /** The scales {@code [out, groups]}; refuses the first that is not finite. */
  static float[] unpack(PackedModule packed, PackedGeometry geometry) {
    int out = geometry.out();
    int groups = geometry.groups();
    StoredTensor stored = part(packed);
    float[] row = new float[out];
    float[] scales = new float[Math.multiplyExact(out, groups)];
    for (int g = 0; g < groups; g++) {
      stored.read((long) g * out, row, 0, out);
      for (int o = 0; o < out; o++) {
        if (!Float.isFinite(row[o])) {
          throw packed.fault(
              PART, "finite scales", row[o] + " in group " + g + " of output " + o, "");
        }
        scales[o * groups + g] = row[o];
      }
    }
    return scales;
  }
}

package dev.ashlar.formats.layout;

import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tensor.weights.StoredTensor;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Scales as the GPTQ and AWQ families store them: {@code [groups, out]}, transposed with respect to
 * those of {@link QuantizedMatrix}. F16 is written; F16, BF16 and F32 are read.
 */
final class PackedScales {
  /** Suffix of the tensor. */
  static final String PART = "scales";

  private static final VarHandle SHORT =
      MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);

  private PackedScales() {}

  /** The stored tensor, checked for type and rank. */
  static StoredTensor part(PackedModule packed) {
    return packed.part(PART, 2, DType.F16, DType.BF16, DType.F32);
  }

  /**
   * The tensor to write.
   *
   * @throws IllegalArgumentException if a scale is not finite in F16
   */
  static PackedTensor pack(String module, QuantizedMatrix tensor) {
    int out = tensor.out();
    int groups = tensor.groupsPerRow();
    float[] scales = tensor.zeroPoints().scales();
    byte[] bytes = new byte[Math.multiplyExact(scales.length, Short.BYTES)];
    for (int o = 0; o < out; o++) {
      for (int g = 0; g < groups; g++) {
        float scale = scales[o * groups + g];
        short half = Float.floatToFloat16(scale);
        if (!Float.isFinite(Float.float16ToFloat(half))) {
          throw new IllegalArgumentException(
              module
                  + ": the scale of output "
                  + o
                  + ", group "
                  + g
                  + " is "
                  + scale
                  + ", which 16-bit floats cannot hold");
        }
        SHORT.set(bytes, (g * out + o) * Short.BYTES, half);
      }
    }
    return new PackedTensor(module + "." + PART, DType.F16, Shape.of(groups, out), bytes);
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

package dev.ashlar.formats.layout;

import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tensor.weights.StoredTensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * compressed-tensors' {@code int-quantized} (docs/formats.md, compressed-tensors): a signed byte
 * for each weight, however few bits it has; what is written where inputs are rounded.
 *
 * <pre>
 * weight            I8  [out, in]     code − 2^(b−1)
 * weight_scale      F16 [out, groups]
 * weight_zero_point I8  [out, groups] asymmetric: zero point − 2^(b−1)
 * </pre>
 */
public final class IntQuantizedLayout implements PackedLayout {
  /** The name of the tensor that a float matrix has too. */
  static final String WEIGHT = "weight";

  private static final String ZEROS = "weight_zero_point";

  IntQuantizedLayout() {}

  @Override
  public String name() {
    return "int-quantized";
  }

  /** The scale comes first: it marks the module, which every float module's weight would not. */
  @Override
  public List<String> parts() {
    return List.of(CompressedScales.PART, WEIGHT, ZEROS);
  }

  @Override
  public Optional<String> refusal(int out, int in, QuantScheme scheme) {
    return CompressedScales.refusal(in, scheme);
  }

  @Override
  public List<PackedTensor> pack(String module, QuantizedMatrix tensor) {
    CompressedScales.require(name(), module, tensor);
    int middle = tensor.scheme().middle();
    int out = tensor.out();
    List<PackedTensor> parts = new ArrayList<>(3);
    parts.add(
        new PackedTensor(
            module + "." + WEIGHT,
            DType.I8,
            Shape.of(out, tensor.in()),
            shifted(tensor.codes().values(), -middle)));
    parts.add(CompressedScales.pack(module, tensor));
    if (!tensor.scheme().symmetric()) {
      parts.add(
          new PackedTensor(
              module + "." + ZEROS,
              DType.I8,
              Shape.of(out, tensor.groupsPerRow()),
              shifted(tensor.zeroPoints().zeros(), -middle)));
    }
    return parts;
  }

  private static byte[] shifted(byte[] values, int by) {
    byte[] shifted = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      shifted[i] = (byte) (values[i] + by);
    }
    return shifted;
  }

  @Override
  public PackedGeometry geometry(PackedModule packed, IntegerGrid declared) {
    Shape codes = packed.part(WEIGHT, 2, DType.I8).shape();
    PackedGeometry geometry =
        CompressedScales.geometry(packed, codes.dim(0), codes.dim(1), declared, declared);
    if (packed.find(ZEROS).isPresent() || !declared.symmetric()) {
      StoredTensor zeros = packed.find(ZEROS).orElseGet(() -> packed.part(ZEROS, 2, DType.I8));
      packed.part(ZEROS, zeros.shape().rank(), DType.I8);
      long expected = packed.parts().get(CompressedScales.PART).shape().size();
      if (zeros.shape().size() != expected) {
        throw packed.fault(ZEROS, expected + " zero points", zeros.shape() + "", "");
      }
    }
    return geometry;
  }

  @Override
  public QuantizedMatrix unpack(PackedModule packed, IntegerGrid declared) {
    PackedGeometry geometry = geometry(packed, declared);
    byte[] codes = unsigned(packed, WEIGHT, geometry.scheme());
    byte[] zeros = CompressedScales.middles(geometry);
    if (packed.find(ZEROS).isPresent()) {
      byte[] stored = unsigned(packed, ZEROS, geometry.scheme());
      for (int i = 0; i < zeros.length; i++) {
        zeros[i] = stored[stored.length == 1 ? 0 : i];
      }
    }
    return CompressedScales.matrix(packed, geometry, codes, zeros);
  }

  /** Signed bytes as unsigned codes, all of the width that is declared. */
  private static byte[] unsigned(PackedModule packed, String part, IntegerGrid scheme) {
    StoredTensor stored = packed.parts().get(part);
    byte[] values = new byte[Math.toIntExact(stored.byteSize())];
    stored.readBytes(0, values, 0, values.length);
    int middle = scheme.middle();
    for (int i = 0; i < values.length; i++) {
      if (values[i] < -middle || values[i] >= middle) {
        throw packed.fault(
            part, "numbers of " + scheme.bits() + " bits", values[i] + " at " + i, "");
      }
      values[i] += (byte) middle;
    }
    return values;
  }
}

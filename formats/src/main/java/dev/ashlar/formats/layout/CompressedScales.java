package dev.ashlar.formats.layout;

import dev.ashlar.io.InputException;
import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tensor.weights.StoredTensor;
import java.util.Arrays;
import java.util.Optional;

/**
 * What the integer layouts of compressed-tensors have in common: {@code weight_scale [out,
 * groups]}, F16 or F32 as the scheme says; F16, BF16 and F32 are read, {@code [out]} and one for
 * the whole matrix too.
 */
final class CompressedScales {
  /** Suffix of the tensor. */
  static final String PART = "weight_scale";

  private CompressedScales() {}

  /** Why a matrix cannot be spelled so; loaders cut rows into whole groups. */
  static Optional<String> refusal(int in, QuantScheme scheme) {
    if (!(scheme instanceof IntegerGrid grid)) {
      return scheme.beyondIntegerWeights();
    }
    return grid.divides(in)
        ? Optional.empty()
        : Optional.of(
            "needs groups of one size, and " + grid.groupSize() + " does not divide " + in);
  }

  /** Refuses a matrix that cannot be spelled so. */
  static void require(String layout, String module, QuantizedMatrix tensor) {
    refusal(tensor.in(), tensor.scheme())
        .ifPresent(
            reason -> {
              throw new IllegalArgumentException(module + ": layout " + layout + " " + reason);
            });
    if (tensor.groupOfColumn() != null) {
      throw new IllegalArgumentException(
          module + ": layout " + layout + " has no place for columns in act-order");
    }
  }

  /** The tensor to write. */
  static PackedTensor pack(String module, QuantizedMatrix tensor) {
    return PlainParts.floats(
        module,
        PART,
        Shape.of(tensor.out(), tensor.groupsPerRow()),
        tensor.zeroPoints().scales(),
        tensor.scheme().scaleType() == DType.F16);
  }

  /**
   * The geometry of a matrix whose codes have these extents, by its scales.
   *
   * @param shown the declared scheme, with the width that the codes show
   * @throws InputException if they are not of the declared groups, nor of others of one size
   */
  static PackedGeometry geometry(
      PackedModule packed, long out, long in, IntegerGrid declared, IntegerGrid shown) {
    packed.sizeFault(PART, out, in).ifPresent(PackedModule::raise);
    int rank = packed.find(PART).map(t -> t.shape().rank()).orElse(2);
    StoredTensor scales = packed.part(PART, rank, DType.F16, DType.BF16, DType.F32);
    long groups =
        scales.shape().size() == 1 && out > 1 ? 1 : scales.shape().size() / Math.max(1, out);
    boolean one = scales.shape().size() == 1;
    Shape matrix = Shape.of(out, groups);
    boolean fits = one || scales.shape().equals(matrix) || scales.shape().equals(Shape.of(out));
    if (!fits || groups < 1 || in % groups != 0) {
      throw packed.fault(
          PART, "scales of groups of [" + out + ", " + in + "]", scales.shape() + "", "");
    }
    IntegerGrid scheme = shown;
    if (shown.groups((int) in) != groups) {
      int size = groups == 1 ? -1 : (int) (in / groups);
      scheme = new IntegerGrid(shown.bits(), size, shown.symmetric());
    }
    if (scheme.bits() != declared.bits() || scheme.groupSize() != declared.groupSize()) {
      packed.believe(scheme, declared);
    }
    return new PackedGeometry((int) out, (int) in, scheme);
  }

  /** Zero points of symmetric codes, {@code [out, groups]}. */
  static byte[] middles(PackedGeometry geometry) {
    byte[] zeros = new byte[geometry.out() * geometry.groups()];
    Arrays.fill(zeros, (byte) geometry.scheme().middle());
    return zeros;
  }

  /**
   * The matrix of unsigned codes and zero points.
   *
   * @throws InputException if a scale is not finite
   */
  static QuantizedMatrix matrix(
      PackedModule packed, PackedGeometry geometry, byte[] codes, byte[] zeros) {
    float[] stored = PlainParts.floats(packed, PART);
    float[] scales = stored;
    if (stored.length < zeros.length) {
      scales = new float[zeros.length];
      Arrays.fill(scales, stored[0]);
    }
    IntegerGrid scheme = PackedScales.typed(geometry.provenScheme(zeros), scales);
    return new QuantizedMatrix(geometry.out(), geometry.in(), scheme, codes, scales, zeros);
  }
}

package dev.ashlar.formats.layout;

import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tensor.weights.StoredTensor;
import java.util.List;
import java.util.Optional;

/**
 * The AWQ "GEMM" layout (docs/formats.md, AWQ), 4 bits only: each word holds eight neighbouring
 * outputs of one input.
 *
 * <pre>
 * qweight I32 [in, out/8]      nibble p of word (k, c) = code of output 8c + order[p], input k
 * qzeros  I32 [groups, out/8]  the same for zero points, stored as they are
 * scales  F16 [groups, out]
 * order = 0 2 4 6 1 3 5 7
 * </pre>
 */
public final class AwqLayout implements PackedLayout {
  private static final int BITS = 4;
  private static final String QWEIGHT = "qweight";
  private static final String QZEROS = "qzeros";

  private final String name;

  AwqLayout(String name) {
    this.name = name;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public List<String> parts() {
    return List.of(QWEIGHT, QZEROS, PackedScales.PART);
  }

  @Override
  public Optional<String> refusal(int out, int in, QuantScheme scheme) {
    if (!(scheme instanceof IntegerGrid grid)) {
      return scheme.beyondIntegerWeights();
    }
    if (grid.bits() != BITS) {
      return Optional.of("holds 4 bits, not " + grid.bits());
    }
    if (out % 32 != 0 || in % 32 != 0) {
      return Optional.of("needs extents that are multiples of 32, not [" + out + ", " + in + "]");
    }
    if (in % grid.effectiveGroup(in) != 0) {
      return Optional.of(
          "needs groups of one size, and " + grid.groupSize() + " does not divide " + in);
    }
    return Optional.empty();
  }

  @Override
  public List<PackedTensor> pack(String module, QuantizedMatrix tensor) {
    refusal(tensor.out(), tensor.in(), tensor.scheme())
        .ifPresent(
            reason -> {
              throw new IllegalArgumentException(module + ": layout " + name + " " + reason);
            });
    if (tensor.groupOfColumn() != null) {
      throw new IllegalArgumentException(
          module + ": layout " + name + " has no g_idx, which columns in act-order need");
    }
    return List.of(
        packBytes(module + "." + QWEIGHT, tensor.codes().values(), tensor.out(), tensor.in()),
        packBytes(
            module + "." + QZEROS,
            tensor.zeroPoints().zeros(),
            tensor.out(),
            tensor.groupsPerRow()),
        PackedScales.pack(module, tensor));
  }

  /** Packs {@code values [out, width]} to words {@code [width, out/8]}. */
  private static PackedTensor packBytes(String name, byte[] values, int out, int width) {
    int columns = out / AwqNibbles.PER_WORD;
    WordGrid grid = WordGrid.zeros(width, columns);
    grid.writeColumns(
        (c, words, from) -> {
          int row = c * AwqNibbles.PER_WORD * width;
          for (int k = 0; k < width; k++) {
            words[from + k] = AwqNibbles.pack(values, row + k, width);
          }
        });
    return new PackedTensor(name, DType.I32, Shape.of(width, columns), grid.bytes());
  }

  @Override
  public PackedGeometry geometry(PackedModule packed, IntegerGrid declared) {
    long in = packed.part(QWEIGHT, 2, DType.I32).shape().dim(0);
    packed.part(QZEROS, 2, DType.I32);
    long groups = PackedScales.part(packed).shape().dim(0);
    long out = packed.parts().get(PackedScales.PART).shape().dim(1);
    packed.sizeFault(PackedScales.PART, out, in).ifPresent(PackedModule::raise);
    if (out % AwqNibbles.PER_WORD != 0) {
      throw packed.fault(PackedScales.PART, "a multiple of 8 outputs", out + " outputs", "");
    }
    IntegerGrid scheme = new IntegerGrid(BITS, declared.groupSize(), declared.symmetric());
    // Groups of this layout are all of one size: another story is none.
    boolean fits = scheme.groups((int) in) == groups && in % scheme.effectiveGroup((int) in) == 0;
    if (!fits && in % groups == 0) {
      int size = groups == 1 ? -1 : (int) (in / groups);
      scheme = new IntegerGrid(BITS, size, declared.symmetric());
    }
    String reason = scheme + ", " + in + " inputs, " + out + " outputs";
    long columns = out / AwqNibbles.PER_WORD;
    long expected = scheme.groups((int) in);
    packed
        .shapeFault(QWEIGHT, reason, in, columns)
        .or(() -> packed.shapeFault(QZEROS, reason, expected, columns))
        .or(() -> packed.shapeFault(PackedScales.PART, reason, expected, out))
        .ifPresent(PackedModule::raise);
    if (scheme.groupSize() != declared.groupSize() || declared.bits() != BITS) {
      packed.believe(scheme, declared);
    }
    return new PackedGeometry((int) out, (int) in, scheme);
  }

  @Override
  public QuantizedMatrix unpack(PackedModule packed, IntegerGrid declared) {
    PackedGeometry geometry = geometry(packed, declared);
    float[] scales = PackedScales.unpack(packed, geometry);
    byte[] zeros =
        unpackBytes(packed.part(QZEROS, 2, DType.I32), geometry.out(), geometry.groups());
    byte[] codes = unpackBytes(packed.part(QWEIGHT, 2, DType.I32), geometry.out(), geometry.in());
    IntegerGrid scheme = PackedScales.typed(geometry.provenScheme(zeros), scales);
    return new QuantizedMatrix(geometry.out(), geometry.in(), scheme, codes, scales, zeros);
  }

  /** Unpacks words {@code [width, out/8]} to values {@code [out, width]}. */
  private static byte[] unpackBytes(StoredTensor stored, int out, int width) {
    WordGrid grid = WordGrid.read(stored);
    byte[] values = new byte[out * width];
    grid.readColumns(
        (c, words, from) -> {
          int row = c * AwqNibbles.PER_WORD * width;
          for (int k = 0; k < width; k++) {
            AwqNibbles.unpack(words[from + k], values, row + k, width);
          }
        });
    return values;
  }
}

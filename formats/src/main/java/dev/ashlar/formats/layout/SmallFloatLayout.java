package dev.ashlar.formats.layout;

import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.quant.ActivationScheme;
import dev.ashlar.tensor.quant.FloatFormat;
import dev.ashlar.tensor.quant.FloatGrid;
import dev.ashlar.tensor.quant.Groups;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Optional;

/**
 * How small floats are written (docs/formats.md, Small floats): two FP4 to a byte as {@code
 * weight_packed}, FP8 as {@code weight}; scales as {@code weight_scale}, exponents of two in bytes
 * or float32. {@link SmallFloatWeights} reads them.
 */
public final class SmallFloatLayout implements PackedLayout {
  private static final int BIAS = 127;

  /** The layout; it has no state. */
  public SmallFloatLayout() {}

  @Override
  public String name() {
    return "auto_round:llm_compressor";
  }

  @Override
  public List<String> parts() {
    return List.of("weight_packed", "weight_scale");
  }

  @Override
  public Optional<String> refusal(int out, int in, QuantScheme scheme) {
    if (!(scheme instanceof FloatGrid grid)) {
      return Optional.of("holds small floats only");
    }
    if (grid.activations().isPresent() && !fits(grid, grid.activations().get())) {
      return Optional.of("cannot say that inputs are rounded so: " + grid.activations().get());
    }
    boolean powers = grid.scale() == FloatGrid.Scale.E8M0 && grid.blockSize() > 0;
    boolean plain =
        grid.scale() == FloatGrid.Scale.F32 && grid.blockSize() <= 0 && grid.element().bits() == 8;
    if (!powers && !plain) {
      return Optional.of("holds MXFP4, MXFP8, and FP8 by row or matrix only");
    }
    return powers && in % grid.blockSize() != 0
        ? Optional.of("needs whole blocks of " + grid.blockSize() + " inputs, not " + in)
        : Optional.empty();
  }

  /** Inputs of the weights' own kind: groups of 32 beside powers of two, tokens beside floats. */
  private static boolean fits(FloatGrid grid, ActivationScheme inputs) {
    boolean powers = grid.scale() == FloatGrid.Scale.E8M0;
    return inputs.element() instanceof ActivationScheme.Element.Floats
        && inputs.dynamic()
        && inputs.groupSize() == (powers ? grid.blockSize() : -1);
  }

  @Override
  public List<PackedTensor> pack(String module, QuantizedMatrix tensor) {
    if (!(tensor.groups() instanceof Groups.Scales groups)) {
      throw new IllegalArgumentException(module + ": not small floats");
    }
    refusal(tensor.out(), tensor.in(), groups.grid())
        .ifPresent(
            reason -> {
              throw new IllegalArgumentException(module + ": layout " + name() + " " + reason);
            });
    return List.of(codes(module, tensor, groups.grid()), scales(module, tensor, groups));
  }

  private static PackedTensor codes(String module, QuantizedMatrix tensor, FloatGrid grid) {
    byte[] codes = tensor.codes().values();
    int out = tensor.out();
    int in = tensor.in();
    if (grid.element() != FloatFormat.E2M1) {
      DType type = grid.element() == FloatFormat.E4M3 ? DType.F8_E4M3 : DType.F8_E5M2;
      return new PackedTensor(module + ".weight", type, Shape.of(out, in), codes);
    }
    byte[] pairs = new byte[codes.length / 2];
    for (int i = 0; i < pairs.length; i++) {
      pairs[i] = (byte) (codes[2 * i] & 0xF | codes[2 * i + 1] << 4);
    }
    return new PackedTensor(module + ".weight_packed", DType.U8, Shape.of(out, in / 2), pairs);
  }

  private static PackedTensor scales(String module, QuantizedMatrix tensor, Groups.Scales groups) {
    String name = module + ".weight_scale";
    float[] scales = groups.scales();
    if (groups.grid().scale() == FloatGrid.Scale.E8M0) {
      byte[] exponents = new byte[scales.length];
      for (int i = 0; i < scales.length; i++) {
        exponents[i] = (byte) (exponent(scales[i]) + BIAS);
      }
      Shape shape = Shape.of(tensor.out(), tensor.groupsPerRow());
      return new PackedTensor(name, DType.U8, shape, exponents);
    }
    boolean whole = groups.grid().blockSize() == 0;
    int count = whole ? 1 : scales.length;
    ByteBuffer bytes = ByteBuffer.allocate(count * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(scales, 0, count);
    return new PackedTensor(
        name, DType.F32, whole ? Shape.of(1) : Shape.of(count, 1), bytes.array());
  }

  /** Of a power of two; the smallest, 2^-127, is no normal float. */
  private static int exponent(float power) {
    return power < Float.MIN_NORMAL ? -BIAS : Math.getExponent(power);
  }

  @Override
  public PackedGeometry geometry(PackedModule packed, IntegerGrid declared) {
    throw new IllegalStateException("small floats are widened when they are read");
  }

  @Override
  public QuantizedMatrix unpack(PackedModule packed, IntegerGrid declared) {
    throw new IllegalStateException("small floats are widened when they are read");
  }
}

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
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * How small floats are written (docs/formats.md, Small floats): two FP4 to a byte as {@code
 * weight_packed}, FP8 as {@code weight}; scales as {@code weight_scale}, exponents of two in bytes,
 * FP8 beside a {@code weight_global_scale}, or float32, those of tiles as {@code weight_scale_inv}
 * but for compressed-tensors. {@link SmallFloatWeights} reads them.
 */
public final class SmallFloatLayout implements PackedLayout {
  private static final int BIAS = 127;
  private static final String SCALE = "weight_scale";
  private static final String INVERSE = "weight_scale_inv";

  private final String name;
  private final String tileScales;

  private SmallFloatLayout(String name, String tileScales) {
    this.name = name;
    this.tileScales = tileScales;
  }

  /** As AutoRound names the parts. */
  public SmallFloatLayout() {
    this("auto_round:llm_compressor", INVERSE);
  }

  /** As compressed-tensors names the parts of that format of its. */
  public static SmallFloatLayout compressed(String format) {
    return new SmallFloatLayout(format, SCALE);
  }

  /** FP8 in tiles, as DeepSeek-V3 is published. */
  public static SmallFloatLayout fp8() {
    return new SmallFloatLayout("fp8", INVERSE);
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public List<String> parts() {
    return List.of("weight_packed", SCALE);
  }

  @Override
  public Optional<String> refusal(int out, int in, QuantScheme scheme) {
    if (!(scheme instanceof FloatGrid grid)) {
      return Optional.of("holds small floats only");
    }
    if (grid.activations().isPresent() && !fits(grid, grid.activations().get())) {
      return Optional.of("cannot say that inputs are rounded so: " + grid.activations().get());
    }
    boolean blocks = grid.scale() == FloatGrid.Scale.E8M0 || grid.hasGlobal() && isFp4(grid);
    boolean plain = grid.scale() == FloatGrid.Scale.F32 && !isFp4(grid);
    boolean known =
        blocks && grid.blockSize() > 0 && grid.blockRows() == 1
            || plain && (grid.blockSize() <= 0 || grid.blockRows() > 1);
    if (!known) {
      return Optional.of("holds MXFP4, MXFP8, NVFP4, and FP8 by row, tile or matrix only");
    }
    return blocks && !grid.divides(in)
        ? Optional.of("needs whole blocks of " + grid.blockSize() + " inputs, not " + in)
        : Optional.empty();
  }

  private static boolean isFp4(FloatGrid grid) {
    return grid.element() == FloatFormat.E2M1;
  }

  /**
   * Inputs of the weights' own kind: groups of the same size beside powers of two and FP8 scales,
   * and beside floats tokens, all inputs by calibration data, or groups as long as tiles.
   */
  private static boolean fits(FloatGrid grid, ActivationScheme inputs) {
    if (!(inputs.element() instanceof ActivationScheme.Element.Floats f)
        || f.scale() != grid.scale()) {
      return false;
    }
    if (grid.scale() != FloatGrid.Scale.F32) {
      return inputs.dynamic() && inputs.groupSize() == grid.blockSize();
    }
    int dynamic = grid.blockRows() > 1 ? grid.blockSize() : -1;
    return inputs.groupSize() == (inputs.dynamic() ? dynamic : 0);
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
    List<PackedTensor> parts = new ArrayList<>();
    parts.add(codes(module, tensor, groups.grid()));
    parts.add(scales(module, tensor, groups));
    if (groups.grid().hasGlobal()) {
      parts.add(InputParts.one(module + ".weight_global_scale", groups.global()));
    }
    return parts;
  }

  private static PackedTensor floats(String name, Shape shape, float[] values) {
    ByteBuffer bytes =
        ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    return new PackedTensor(name, DType.F32, shape, bytes.array());
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

  private PackedTensor scales(String module, QuantizedMatrix tensor, Groups.Scales groups) {
    String name = module + "." + SCALE;
    float[] scales = groups.scales();
    FloatGrid grid = groups.grid();
    Shape shape = Shape.of(tensor.out(), tensor.groupsPerRow());
    byte[] bytes = new byte[scales.length];
    switch (grid.scale()) {
      case E8M0 -> {
        for (int i = 0; i < scales.length; i++) {
          bytes[i] = (byte) (exponent(scales[i]) + BIAS);
        }
        return new PackedTensor(name, DType.U8, shape, bytes);
      }
      case E4M3 -> {
        for (int i = 0; i < scales.length; i++) {
          // Back to what it was rounded to, from which the division took it a hair away.
          float s = FloatFormat.E4M3.round(scales[i] * groups.global());
          bytes[i] = (byte) FloatFormat.E4M3.code(s);
        }
        return new PackedTensor(name, DType.F8_E4M3, shape, bytes);
      }
      case F32, F16, BF16 -> {
        if (grid.blockSize() == 0) {
          return InputParts.one(name, scales[0]);
        }
        if (grid.blockRows() == 1) {
          return floats(name, shape, scales);
        }
        int across = tensor.groupsPerRow();
        int rows = grid.effectiveRows(tensor.out());
        int down = Math.ceilDiv(tensor.out(), rows);
        float[] tiles = new float[down * across];
        for (int r = 0; r < down; r++) {
          System.arraycopy(scales, r * rows * across, tiles, r * across, across);
        }
        return floats(module + "." + tileScales, Shape.of(down, across), tiles);
      }
    }
    throw new AssertionError(grid.scale());
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

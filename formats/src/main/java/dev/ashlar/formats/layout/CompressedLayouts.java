package dev.ashlar.formats.layout;

import dev.ashlar.formats.checkpoint.StoredTensors;
import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.quant.FloatFormat;
import dev.ashlar.tensor.quant.FloatGrid;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.weights.StoredTensor;
import java.util.List;
import java.util.Optional;

/**
 * The layouts of compressed-tensors, which calls them formats: the one that a matrix is written in
 * follows from its scheme, the one that it lies in from the names and types of its tensors.
 */
public final class CompressedLayouts {
  private static final PackedLayout MXFP4 = SmallFloatLayout.compressed("mxfp4-pack-quantized");
  private static final PackedLayout MXFP8 = SmallFloatLayout.compressed("mxfp8-quantized");
  private static final PackedLayout NVFP4 = SmallFloatLayout.compressed("nvfp4-pack-quantized");
  private static final PackedLayout FLOATS = SmallFloatLayout.compressed("float-quantized");
  private static final PackedLayout NAIVE = SmallFloatLayout.compressed("naive-quantized");

  private static final List<PackedLayout> ALL =
      List.of(Layouts.PACK_QUANTIZED, Layouts.INT_QUANTIZED, MXFP4, MXFP8, NVFP4, FLOATS, NAIVE);

  private CompressedLayouts() {}

  /** The layout that a matrix of that scheme is written in. */
  public static PackedLayout of(QuantScheme scheme) {
    boolean rounded = scheme.activations().isPresent();
    if (!(scheme instanceof FloatGrid grid)) {
      return rounded ? Layouts.INT_QUANTIZED : Layouts.PACK_QUANTIZED;
    }
    return switch (grid.scale()) {
      case E8M0 -> grid.element() == FloatFormat.E2M1 ? MXFP4 : MXFP8;
      case E4M3 -> NVFP4;
      case F32, F16, BF16 -> rounded ? FLOATS : NAIVE;
    };
  }

  /** The layout of that name, for matrices of that scheme: one name is for numbers of any kind. */
  static Optional<PackedLayout> named(String format, QuantScheme scheme) {
    if (format.equals(NAIVE.name())) {
      return Optional.of(scheme instanceof FloatGrid ? NAIVE : Layouts.INT_QUANTIZED);
    }
    return ALL.stream().filter(layout -> layout.name().equals(format)).findFirst();
  }

  /** All names, for messages. */
  static String names() {
    return String.join(", ", ALL.stream().map(PackedLayout::name).toList());
  }

  /**
   * The layout that a module lies in, by the names and types of its tensors; empty if none of them
   * is a part of one. Faulty parts are those of integers, whose layouts say what is wrong.
   */
  static Optional<PackedLayout> stored(StoredTensors tensors, String module) {
    Optional<StoredTensor> packed = tensors.find(module + ".weight_packed");
    Optional<StoredTensor> scale =
        tensors.find(module + ".weight_scale").or(() -> tensors.find(module + ".weight_scale_inv"));
    boolean exponents = is(scale, DType.U8);
    if (packed.isPresent()) {
      return Optional.of(is(packed, DType.U8) ? exponents ? MXFP4 : NVFP4 : Layouts.PACK_QUANTIZED);
    }
    Optional<StoredTensor> weight = tensors.find(module + ".weight");
    if (is(weight, DType.F8_E4M3) || is(weight, DType.F8_E5M2)) {
      return scale.map(s -> exponents ? MXFP8 : FLOATS);
    }
    return scale.map(s -> Layouts.INT_QUANTIZED);
  }

  private static boolean is(Optional<StoredTensor> tensor, DType type) {
    return tensor.isPresent() && tensor.get().dtype() == type;
  }

  /** Whether a layout is of small floats. */
  static boolean hasFloats(PackedLayout layout) {
    return layout instanceof SmallFloatLayout;
  }

  /** Whether two layouts are the same tensors: two names are for FP8 with float scales. */
  static boolean alike(PackedLayout a, PackedLayout b) {
    return a == b || a == FLOATS && b == NAIVE || a == NAIVE && b == FLOATS;
  }
}

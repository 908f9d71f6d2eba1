package dev.ashlar.formats.layout;

import dev.ashlar.formats.checkpoint.CheckpointNotes;
import dev.ashlar.tensor.quant.ActivationScheme;
import dev.ashlar.tensor.quant.ActivationScheme.Element;
import dev.ashlar.tensor.quant.FloatFormat;
import dev.ashlar.tensor.quant.FloatGrid;
import dev.ashlar.tensor.quant.QuantScheme;
import java.util.Map;
import java.util.Optional;

/**
 * How a configuration says that inputs are rounded: AutoRound's keys beside small floats, or a
 * group of compressed-tensors.
 *
 * @param declared whether it says so at all
 * @param scheme the same, where it can be followed
 */
record SmallFloatInputs(boolean declared, Optional<ActivationScheme> scheme) {
  private static final int MX_GROUP = 32;

  private static final SmallFloatInputs NONE = new SmallFloatInputs(false, Optional.empty());

  /** What AutoRound's keys say. */
  static SmallFloatInputs of(Map<String, Object> quantization) {
    boolean rounded =
        quantization.get("act_bits") instanceof Long bits && bits < QuantScheme.FLOAT_BITS;
    return rounded ? autoRound(quantization) : NONE;
  }

  /** Whether it says so in a way that is not known here. */
  boolean isUnknown() {
    return declared && scheme.isEmpty();
  }

  /** Tells of that. */
  static void tellUnknown(CheckpointNotes notes) {
    notes.tell(
        "inputs not rounded",
        "the configuration says that inputs are rounded, in a way that is not known here; they are"
            + " taken as they are");
  }

  /** What one of compressed-tensors' groups says. */
  static SmallFloatInputs ofGroup(Map<?, ?> group) {
    return group.get("input_activations") instanceof Map<?, ?> inputs ? compressed(inputs) : NONE;
  }

  private static SmallFloatInputs autoRound(Map<String, Object> keys) {
    String type = String.valueOf(keys.get("act_data_type"));
    long bits = (Long) keys.get("act_bits");
    boolean dynamic = !Boolean.FALSE.equals(keys.get("act_dynamic"));
    long group = keys.get("act_group_size") instanceof Long g ? g : -1;
    if (type.equals("int")) {
      boolean symmetric = !Boolean.FALSE.equals(keys.get("act_sym"));
      return new SmallFloatInputs(
          true, symmetric ? integers(bits, true, group, dynamic) : Optional.empty());
    }
    return new SmallFloatInputs(
        true, scale(type).flatMap(scale -> floats(bits, group, dynamic, scale)));
  }

  /** What scales of inputs are by AutoRound's name for the kind of numbers. */
  private static Optional<FloatGrid.Scale> scale(String type) {
    return switch (type) {
      case "fp", "fp8", "fp8_e4m3", "fp8_sym" -> Optional.of(FloatGrid.Scale.F32);
      case "nv_fp", "nv_fp4", "nv_fp4_with_static_gs" -> Optional.of(FloatGrid.Scale.E4M3);
      default -> type.startsWith("mx_fp") ? Optional.of(FloatGrid.Scale.E8M0) : Optional.empty();
    };
  }

  private static SmallFloatInputs compressed(Map<?, ?> keys) {
    boolean symmetric = !Boolean.FALSE.equals(keys.get("symmetric"));
    boolean floats = "float".equals(keys.get("type"));
    long bits = keys.get("num_bits") instanceof Long b ? b : 0;
    long size = keys.get("group_size") instanceof Long g ? g : 0;
    boolean dynamic = Boolean.TRUE.equals(keys.get("dynamic"));
    FloatGrid.Scale scale = FloatGrid.Scale.F32;
    long group = 0;
    switch (String.valueOf(keys.get("strategy"))) {
      case "token" -> group = -1;
      case "tensor" -> group = 0;
      case "group" -> {
        group = size;
        // Bytes of exponents, which newer files say and older ones have with that size alone.
        boolean exponents = "torch.uint8".equals(keys.get("scale_dtype"));
        scale = floats && (exponents || size == MX_GROUP) ? FloatGrid.Scale.E8M0 : scale;
      }
      case "tensor_group" -> {
        group = size;
        dynamic |= "local".equals(keys.get("dynamic"));
        scale = FloatGrid.Scale.E4M3;
      }
      default -> {
        return new SmallFloatInputs(true, Optional.empty());
      }
    }
    if (!symmetric && (floats || !dynamic)) {
      return new SmallFloatInputs(true, Optional.empty());
    }
    return new SmallFloatInputs(
        true,
        floats ? floats(bits, group, dynamic, scale) : integers(bits, symmetric, group, dynamic));
  }

  private static Optional<ActivationScheme> floats(
      long bits, long group, boolean dynamic, FloatGrid.Scale scale) {
    Optional<FloatFormat> format =
        bits == 4
            ? Optional.of(FloatFormat.E2M1)
            : bits == 8 ? Optional.of(FloatFormat.E4M3) : Optional.empty();
    return format.flatMap(f -> scheme(new Element.Floats(f, scale), group, dynamic));
  }

  /** Scales from calibration data are for all inputs, others for tokens or less. */
  private static Optional<ActivationScheme> scheme(Element element, long group, boolean dynamic) {
    boolean possible = dynamic ? group == -1 || group > 0 : group == 0;
    return possible
        ? Optional.of(new ActivationScheme(element, (int) group, dynamic))
        : Optional.empty();
  }

  private static Optional<ActivationScheme> integers(
      long bits, boolean symmetric, long group, boolean dynamic) {
    return bits < 2 || bits > Byte.SIZE
        ? Optional.empty()
        : scheme(new Element.Integers((int) bits, symmetric), group, dynamic);
  }
}

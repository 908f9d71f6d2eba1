package dev.ashlar.formats.layout;

import dev.ashlar.tensor.quant.ActivationScheme;
import dev.ashlar.tensor.quant.ActivationScheme.Element;
import dev.ashlar.tensor.quant.FloatFormat;
import dev.ashlar.tensor.quant.QuantScheme;
import java.util.Map;
import java.util.Optional;

/**
 * How a configuration of small floats says that inputs are rounded: AutoRound's keys, or the first
 * group of compressed-tensors.
 *
 * @param declared whether it says so at all
 * @param scheme the same, where it can be followed
 */
record SmallFloatInputs(boolean declared, Optional<ActivationScheme> scheme) {
  private static final SmallFloatInputs NONE = new SmallFloatInputs(false, Optional.empty());

  static SmallFloatInputs of(Map<String, Object> quantization) {
    if (quantization.get("config_groups") instanceof Map<?, ?> groups) {
      return groups.values().stream()
          .filter(Map.class::isInstance)
          .map(g -> ((Map<?, ?>) g).get("input_activations"))
          .filter(Map.class::isInstance)
          .findFirst()
          .map(inputs -> compressed((Map<?, ?>) inputs))
          .orElse(NONE);
    }
    boolean rounded =
        quantization.get("act_bits") instanceof Long bits && bits < QuantScheme.FLOAT_BITS;
    return rounded ? autoRound(quantization) : NONE;
  }

  private static SmallFloatInputs autoRound(Map<String, Object> keys) {
    String type = String.valueOf(keys.get("act_data_type"));
    boolean micro = type.startsWith("mx_fp");
    boolean eight = type.equals("fp8") || type.equals("fp8_e4m3") || type.equals("fp8_sym");
    boolean dynamic = !Boolean.FALSE.equals(keys.get("act_dynamic"));
    long group = keys.get("act_group_size") instanceof Long g ? g : -1;
    return new SmallFloatInputs(
        true,
        (micro || eight) && dynamic
            ? floats((Long) keys.get("act_bits"), group)
            : Optional.empty());
  }

  private static SmallFloatInputs compressed(Map<?, ?> keys) {
    boolean dynamic = Boolean.TRUE.equals(keys.get("dynamic"));
    boolean symmetric = Boolean.TRUE.equals(keys.get("symmetric"));
    boolean floats = "float".equals(keys.get("type"));
    String strategy = String.valueOf(keys.get("strategy"));
    long bits = keys.get("num_bits") instanceof Long b ? b : 0;
    long group = strategy.equals("token") ? -1 : keys.get("group_size") instanceof Long g ? g : 0;
    boolean known = strategy.equals("token") || strategy.equals("group");
    if (!dynamic || !symmetric || !known) {
      return new SmallFloatInputs(true, Optional.empty());
    }
    return new SmallFloatInputs(true, floats ? floats(bits, group) : integers(bits, group));
  }

  private static Optional<ActivationScheme> floats(long bits, long group) {
    Optional<FloatFormat> format =
        bits == 4
            ? Optional.of(FloatFormat.E2M1)
            : bits == 8 ? Optional.of(FloatFormat.E4M3) : Optional.empty();
    return group == 0 || group < -1
        ? Optional.empty()
        : format.map(f -> new ActivationScheme(new Element.Floats(f), (int) group, true));
  }

  private static Optional<ActivationScheme> integers(long bits, long group) {
    return bits < 2 || bits > Byte.SIZE || group == 0 || group < -1
        ? Optional.empty()
        : Optional.of(
            new ActivationScheme(new Element.Integers((int) bits, true), (int) group, true));
  }
}

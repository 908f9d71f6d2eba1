package dev.ashlar.formats.gguf.family;

import dev.ashlar.tensor.weights.StoredTensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.function.BiConsumer;

/**
 * The base of rotary embeddings and what stretches them: keys for linear scaling and YaRN (Peng et
 * al., arXiv 2309.00071), stored divisors for the scaling of Llama 3.1 and later.
 *
 * @param otherwise the base where a file or configuration does not say it
 */
record RopeScaling(double otherwise) implements KeyRule {
  /** Long-context frequency scaling as published for Llama 3.1 and later. */
  private static final double LOW_FREQUENCY_FACTOR = 1;

  private static final double HIGH_FREQUENCY_FACTOR = 4;
  private static final List<Long> USUAL_CONTEXTS = List.of(8192L, 4096L, 16384L, 32768L);
  private static final double SAME_FREQUENCY = 1e-3;
  private static final String DIVISORS = "rope_freqs.weight";
  private static final String CONTEXT = "rope.scaling.original_context_length";

  @Override
  public void toConfig(GgufModel model, Map<String, Object> config) {
    double theta = model.positive("rope.freq_base").orElse(otherwise);
    config.put("rope_theta", theta);
    config.put("rope_scaling", scaling(model, theta).orElse(null));
  }

  @Override
  public void toMetadata(Map<String, Object> config, BiConsumer<String, Object> out) {
    out.accept(
        "rope.freq_base", (float) ConfigValues.number(config, "rope_theta").orElse(otherwise));
    Map<?, ?> section =
        config.get("rope_parameters") instanceof Map<?, ?> newer
            ? newer
            : config.get("rope_scaling") instanceof Map<?, ?> older ? older : Map.of();
    Object type = section.containsKey("rope_type") ? section.get("rope_type") : section.get("type");
    switch (type == null ? "default" : type.toString()) {
      case "default", "llama3", "mrope" -> {
        // Llama 3's are divisors in a tensor: divisors(config).
      }
      case "linear" -> {
        out.accept("rope.scaling.type", "linear");
        out.accept("rope.scaling.factor", (float) number(section, "factor").orElse(1));
      }
      case "yarn" -> {
        out.accept("rope.scaling.type", "yarn");
        out.accept("rope.scaling.factor", (float) number(section, "factor").orElse(1));
        out.accept(
            CONTEXT,
            ConfigValues.required(
                config, "original_max_position_embeddings", "max_position_embeddings"));
      }
      default ->
          throw new FamilyException(
              "rope_scaling",
              "a scaling that GGUF has: linear, yarn or llama3",
              "\"" + type + "\"");
    }
  }

  private static OptionalDouble number(Map<?, ?> section, String key) {
    return section.get(key) instanceof Number n
        ? OptionalDouble.of(n.doubleValue())
        : OptionalDouble.empty();
  }

  /**
   * The divisors of frequencies {@code [headDim / 2]} that a file of this configuration has in
   * {@code rope_freqs.weight}; empty if its scaling is none that is stored so.
   */
  static Optional<float[]> divisors(Map<String, Object> config, int headDim, double theta) {
    Map<?, ?> section =
        config.get("rope_parameters") instanceof Map<?, ?> newer
            ? newer
            : config.get("rope_scaling") instanceof Map<?, ?> older ? older : Map.of();
    Object type = section.containsKey("rope_type") ? section.get("rope_type") : section.get("type");
    if (!"llama3".equals(type)) {
      return Optional.empty();
    }
    double factor = number(section, "factor").orElse(8);
    double low = number(section, "low_freq_factor").orElse(LOW_FREQUENCY_FACTOR);
    double high = number(section, "high_freq_factor").orElse(HIGH_FREQUENCY_FACTOR);
    double context = number(section, "original_max_position_embeddings").orElse(8192);
    float[] divisors = new float[headDim / 2];
    for (int i = 0; i < divisors.length; i++) {
      divisors[i] =
          (float) divisor((double) i / divisors.length, theta, factor, low, high, context);
    }
    return Optional.of(divisors);
  }

  private Optional<Map<String, Object>> scaling(GgufModel model, double theta) {
    StoredTensor factors = model.tensors().get(DIVISORS);
    if (factors != null) {
      return Optional.of(llama3(model, factors, theta));
    }
    String type =
        model.text("rope.scaling.type", model.declares("rope.scale_linear") ? "linear" : "none");
    if (type.equals("none")) {
      return Optional.empty();
    }
    OptionalDouble factor = model.positive("rope.scaling.factor");
    double by =
        factor.isPresent() ? factor.getAsDouble() : model.positive("rope.scale_linear").orElse(1);
    Map<String, Object> scaling = new LinkedHashMap<>();
    scaling.put("rope_type", type);
    scaling.put("factor", by);
    switch (type) {
      case "linear" -> {
        return by == 1 ? Optional.empty() : Optional.of(scaling);
      }
      case "yarn" -> {
        scaling.put("original_max_position_embeddings", model.required(CONTEXT));
        double attention = model.positive("rope.scaling.attn_factor").orElse(1);
        if (attention != 1) {
          scaling.put("attention_factor", attention * (0.1 * Math.log(by) + 1));
        }
        return Optional.of(scaling);
      }
      default -> throw model.fault("rope.scaling.type", "none, linear or yarn", "\"" + type + "\"");
    }
  }

  /**
   * The parameters behind stored frequency divisors: the file has only their result, so the
   * published ones are tried and must give the same divisors.
   */
  private static Map<String, Object> llama3(GgufModel model, StoredTensor stored, double theta) {
    long half = Keys.headDim(model) / 2;
    if (stored.shape().size() != half) {
      throw model.fields().fault(stored.name(), half + " divisors", stored.shape().size() + "");
    }
    float[] divisors = stored.toTensor().data();
    double factor = 1;
    for (float d : divisors) {
      factor = Math.max(factor, d);
    }
    OptionalLong own = model.whole(CONTEXT, 1);
    List<Long> contexts = own.isPresent() ? List.of(own.getAsLong(), 8192L) : USUAL_CONTEXTS;
    for (long context : contexts) {
      if (explains(divisors, theta, factor, context)) {
        Map<String, Object> scaling = new LinkedHashMap<>();
        scaling.put("rope_type", "llama3");
        scaling.put("factor", factor);
        scaling.put("low_freq_factor", LOW_FREQUENCY_FACTOR);
        scaling.put("high_freq_factor", HIGH_FREQUENCY_FACTOR);
        scaling.put("original_max_position_embeddings", context);
        return scaling;
      }
    }
    throw model
        .fields()
        .fault(stored.name(), "divisors of a known frequency scaling", "others, up to " + factor);
  }

  private static boolean explains(float[] divisors, double theta, double factor, long context) {
    for (int i = 0; i < divisors.length; i++) {
      double expected =
          divisor(
              (double) i / divisors.length,
              theta,
              factor,
              LOW_FREQUENCY_FACTOR,
              HIGH_FREQUENCY_FACTOR,
              context);
      if (!(Math.abs(divisors[i] / expected - 1) < SAME_FREQUENCY)) {
        return false;
      }
    }
    return true;
  }

  private static double divisor(
      double place, double theta, double factor, double low, double high, double context) {
    double wavelength = 2 * Math.PI * Math.pow(theta, place);
    double smooth = Math.clamp((context / wavelength - low) / (high - low), 0.0, 1.0);
    return 1 / ((1 - smooth) / factor + smooth);
  }
}

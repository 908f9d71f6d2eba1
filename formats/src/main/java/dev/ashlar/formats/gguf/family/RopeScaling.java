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
 * @param longRope whether the rule {@link LongRope} follows
 */
record RopeScaling(double otherwise, boolean longRope) implements KeyRule {
  /** For a family without long rope. */
  RopeScaling(double otherwise) {
    this(otherwise, false);
  }

  /** Long-context frequency scaling as published for Llama 3.1 and later. */
  private static final double LOW_FREQUENCY_FACTOR = 1;

  private static final double HIGH_FREQUENCY_FACTOR = 4;
  private static final List<Long> USUAL_CONTEXTS = List.of(8192L, 4096L, 16384L, 32768L);
  private static final double SAME_FREQUENCY = 1e-3;
  private static final String DIVISORS = "rope_freqs.weight";
  private static final String ATTENTION = "rope.scaling.attn_factor";

  /** YaRN's bounds in turns where nothing else is said. */
  private static final double BETA_FAST = 32;

  private static final double BETA_SLOW = 1;
  private static final double SAME_ATTENTION = 1e-6;
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
    Map<?, ?> section = ConfigValues.rope(config);
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
        writeYarn(section, out);
      }
      case "longrope", "su" -> {
        if (!longRope) {
          throw new FamilyException("rope_scaling", "linear, yarn or llama3", "longrope");
        }
      }
      default ->
          throw new FamilyException(
              "rope_scaling",
              "a scaling that GGUF has: linear, yarn or llama3",
              "\"" + type + "\"");
    }
  }

  /** What of YaRN is seldom said; the file's attention factor multiplies the usual one. */
  private static void writeYarn(Map<?, ?> section, BiConsumer<String, Object> out) {
    double usual = usualAttention(number(section, "factor").orElse(1));
    double attention = number(section, "attention_factor").orElse(usual) / usual;
    if (Math.abs(attention - 1) > SAME_ATTENTION) {
      out.accept(ATTENTION, (float) attention);
    }
    number(section, "beta_fast")
        .ifPresent(
            x -> {
              if (x != BETA_FAST) {
                out.accept("rope.scaling.yarn_beta_fast", (float) x);
              }
            });
    number(section, "beta_slow")
        .ifPresent(
            x -> {
              if (x != BETA_SLOW) {
                out.accept("rope.scaling.yarn_beta_slow", (float) x);
              }
            });
  }

  private static void readYarn(GgufModel model, double by, Map<String, Object> scaling) {
    double attention = model.positive(ATTENTION).orElse(1);
    if (attention != 1) {
      scaling.put("attention_factor", attention * usualAttention(by));
    }
    model.positive("rope.scaling.yarn_beta_fast").ifPresent(x -> scaling.put("beta_fast", x));
    model.positive("rope.scaling.yarn_beta_slow").ifPresent(x -> scaling.put("beta_slow", x));
  }

  /** What attention is multiplied by where nothing else is said. */
  private static double usualAttention(double factor) {
    return factor <= 1 ? 1 : 0.1 * Math.log(factor) + 1;
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
    Map<?, ?> section = ConfigValues.rope(config);
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
        readYarn(model, by, scaling);
        return Optional.of(scaling);
      }
      default -> throw model.fault("rope.scaling.type", "none, linear or yarn", "\"" + type + "\"");
    }
  }

  /**
   * The parameters behind stored frequency divisors. The file has only their result, in which two
   * bounds of wavelengths are hidden: published ones are tried, then those that the divisors
   * between 1 and the factor lead to, and what is found must give the same divisors.
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
      if (explains(divisors, theta, factor, HIGH_FREQUENCY_FACTOR, context)) {
        return llama3(factor, HIGH_FREQUENCY_FACTOR, context);
      }
    }
    double[] bounds = bounds(divisors, theta, factor);
    long context = Math.round(bounds[0]);
    double high = bounds[0] / bounds[1];
    if (context > 0 && explains(divisors, theta, factor, high, context)) {
      return llama3(factor, high, context);
    }
    throw model
        .fields()
        .fault(stored.name(), "divisors of a known frequency scaling", "others, up to " + factor);
  }

  private static Map<String, Object> llama3(double factor, double high, long context) {
    Map<String, Object> scaling = new LinkedHashMap<>();
    scaling.put("rope_type", "llama3");
    scaling.put("factor", factor);
    scaling.put("low_freq_factor", LOW_FREQUENCY_FACTOR);
    scaling.put("high_freq_factor", high);
    scaling.put("original_max_position_embeddings", context);
    return scaling;
  }

  /**
   * Wavelengths from which the whole factor counts and up to which nothing does. Between them the
   * inverse wavelength is linear in what a divisor is smoothed by, so that two divisors tell both;
   * of one or none, bounds that are apart by the usual ratio are taken.
   */
  private static double[] bounds(float[] divisors, double theta, double factor) {
    double plain = 0;
    double whole = Double.POSITIVE_INFINITY;
    double n = 0;
    double sumS = 0;
    double sumW = 0;
    double sumSs = 0;
    double sumSw = 0;
    for (int i = 0; i < divisors.length; i++) {
      double wavelength = wavelength(theta, (double) i / divisors.length);
      double s = (1 / divisors[i] - 1 / factor) / (1 - 1 / factor);
      if (s > 1 - SAME_FREQUENCY) {
        plain = Math.max(plain, wavelength);
      } else if (s < SAME_FREQUENCY) {
        whole = Math.min(whole, wavelength);
      } else {
        n++;
        sumS += s;
        sumW += 1 / wavelength;
        sumSs += s * s;
        sumSw += s / wavelength;
      }
    }
    double low;
    if (n > 1) {
      double slope = (n * sumSw - sumS * sumW) / (n * sumSs - sumS * sumS);
      low = (sumW - slope * sumS) / n;
      return new double[] {1 / low, 1 / (low + slope)};
    }
    if (n == 1) {
      low = sumW / (LOW_FREQUENCY_FACTOR + sumS * (HIGH_FREQUENCY_FACTOR - LOW_FREQUENCY_FACTOR));
    } else {
      low = 1 / Math.min(whole, 2 * HIGH_FREQUENCY_FACTOR * Math.max(plain, 1));
    }
    return new double[] {1 / low, 1 / (low * HIGH_FREQUENCY_FACTOR)};
  }

  private static boolean explains(
      float[] divisors, double theta, double factor, double high, double context) {
    for (int i = 0; i < divisors.length; i++) {
      double place = (double) i / divisors.length;
      double expected = divisor(place, theta, factor, LOW_FREQUENCY_FACTOR, high, context);
      if (!(Math.abs(divisors[i] / expected - 1) < SAME_FREQUENCY)) {
        return false;
      }
    }
    return true;
  }

  private static double wavelength(double theta, double place) {
    return 2 * Math.PI * Math.pow(theta, place);
  }

  private static double divisor(
      double place, double theta, double factor, double low, double high, double context) {
    double wavelength = wavelength(theta, place);
    double smooth = Math.clamp((context / wavelength - low) / (high - low), 0.0, 1.0);
    return 1 / ((1 - smooth) / factor + smooth);
  }
}

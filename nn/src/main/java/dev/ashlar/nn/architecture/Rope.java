package dev.ashlar.nn.architecture;

import dev.ashlar.nn.decoder.RotarySpec;
import dev.ashlar.nn.decoder.RotarySpec.Scaling;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Reads rotary embeddings in both styles: {@code rope_parameters} (transformers 5) and {@code
 * rope_theta} with {@code rope_scaling} (before).
 */
final class Rope {
  private static final double DEFAULT_THETA = 10_000;

  private final Config config;
  private final Optional<Config> parameters;
  private final int maxPositions;

  private Rope(Config config, Optional<Config> parameters, int maxPositions) {
    this.config = config;
    this.parameters = parameters;
    this.maxPositions = maxPositions;
  }

  /** The rotary embedding of heads of {@code headDim} elements. */
  static RotarySpec read(Config config, int headDim, int maxPositions, boolean interleaved) {
    return read(config, headDim, maxPositions, interleaved, 1);
  }

  /**
   * The same where only a part of each head turns.
   *
   * @param partial fraction that turns where the configuration does not say
   */
  static RotarySpec read(
      Config config, int headDim, int maxPositions, boolean interleaved, double partial) {
    Rope rope = new Rope(config, section(config), maxPositions);
    int dim = (int) (headDim * rope.value("partial_rotary_factor", partial));
    if (dim < 2 || dim % 2 != 0 || dim > headDim) {
      throw config.fault(
          config.has("head_dim") ? "head_dim" : "partial_rotary_factor",
          "an even number of rotating elements up to " + headDim,
          "the number " + dim,
          "");
    }
    return rope.spec(dim, interleaved);
  }

  /** The rotary embedding of {@code dim} elements, whatever the configuration says of fractions. */
  static RotarySpec readDim(Config config, int dim, int maxPositions, boolean interleaved) {
    return new Rope(config, section(config), maxPositions).spec(dim, interleaved);
  }

  /**
   * The rotary embedding of one kind of layers, in a section of its own (transformers 5) or spread
   * over keys of the whole configuration.
   *
   * @param kind name of the section in {@code rope_parameters}
   * @param thetaKey where the base is without sections
   * @param theta base where neither says it
   * @param scaled whether {@code rope_scaling} is about this kind
   */
  static RotarySpec readKind(
      Config config,
      String kind,
      String thetaKey,
      double theta,
      boolean scaled,
      int headDim,
      int maxPositions) {
    Optional<Config> sections = config.section("rope_parameters");
    Optional<Config> own = sections.flatMap(s -> s.section(kind));
    Optional<Config> found =
        own.isPresent() ? own : config.section("rope_scaling").filter(s -> scaled);
    Rope rope = new Rope(config, found, maxPositions);
    double base =
        own.isPresent()
            ? own.get().positive("rope_theta", theta)
            : config.positive(thetaKey, theta);
    return new RotarySpec(
        headDim, base, false, found.map(p -> rope.scaling(p, headDim)).orElse(new Scaling.None()));
  }

  /**
   * The section about rotary embeddings, in either style. Of two the peers take the older one,
   * which is what somebody added.
   */
  static Optional<Config> section(Config config) {
    return config
        .section("rope_scaling")
        .filter(s -> !s.isEmpty())
        .or(() -> config.section("rope_parameters"));
  }

  /** Values with a section for configurations that have none in either style. */
  static Map<String, Object> complete(Map<String, Object> values, Map<String, Object> section) {
    if (values.get("rope_parameters") != null || values.get("rope_scaling") != null) {
      return values;
    }
    Map<String, Object> complete = new HashMap<>(values);
    complete.put("rope_parameters", section);
    return complete;
  }

  private RotarySpec spec(int dim, boolean interleaved) {
    double theta = value("rope_theta", DEFAULT_THETA);
    if (parameters.isPresent() && parameters.get().has("alpha")) {
      // Hunyuan's "dynamic": a base that is stretched once and for all.
      double alpha = parameters.get().positive("alpha");
      double stretched = theta * Math.pow(alpha, dim / (dim - 2.0));
      return new RotarySpec(dim, stretched, interleaved, new Scaling.None());
    }
    Scaling scaling = parameters.map(p -> scaling(p, dim)).orElse(new Scaling.None());
    return new RotarySpec(dim, theta, interleaved, scaling);
  }

  /** A number of the section, else of the whole configuration, else {@code otherwise}. */
  private double value(String key, double otherwise) {
    if (parameters.isPresent() && parameters.get().has(key)) {
      return parameters.get().positive(key);
    }
    return config.positive(key, otherwise);
  }

  private Scaling scaling(Config p, int dim) {
    String key = p.has("rope_type") || !p.has("type") ? "rope_type" : "type";
    String type = p.text(key, "default");
    return switch (type) {
      case "default", "mrope" -> new Scaling.None();
      case "linear" -> new Scaling.Linear(p.positive("factor"));
      case "dynamic" -> new Scaling.DynamicNtk(p.positive("factor"), original(p));
      case "llama3" -> llama3(p);
      case "yarn" -> yarn(p);
      case "longrope", "su" -> longRope(p, dim);
      default ->
          throw p.fault(
              key,
              "one of default, linear, dynamic, llama3, yarn, longrope",
              Config.describe(type),
              "this kind of rope scaling is not known");
    };
  }

  /** Positions that the model was first trained for. */
  private int original(Config p) {
    String key = "original_max_position_embeddings";
    return p.count(key, config.count(key, maxPositions));
  }

  private Scaling llama3(Config p) {
    double low = p.positive("low_freq_factor");
    double high = p.positive("high_freq_factor");
    if (high <= low) {
      throw p.fault(
          "high_freq_factor", "more than low_freq_factor = " + low, "the number " + high, "");
    }
    return new Scaling.Llama3(p.positive("factor"), low, high, original(p));
  }

  private Scaling yarn(Config p) {
    double factor = p.positive("factor");
    double attention;
    if (p.has("attention_factor")) {
      attention = p.positive("attention_factor");
    } else if (p.has("mscale") && p.has("mscale_all_dim")) {
      attention =
          magnitude(factor, p.number("mscale")) / magnitude(factor, p.number("mscale_all_dim"));
    } else {
      attention = magnitude(factor, 1);
    }
    return new Scaling.Yarn(
        factor,
        p.positive("beta_fast", 32),
        p.positive("beta_slow", 1),
        original(p),
        attention,
        p.flag("truncate", true));
  }

  /** YaRN's attention factor (Peng et al., arXiv 2309.00071, equation 22) with its weight. */
  static double magnitude(double factor, double weight) {
    return factor <= 1 ? 1 : 0.1 * weight * Math.log(factor) + 1;
  }

  private Scaling longRope(Config p, int dim) {
    int original = original(p);
    double factor = p.positive("factor", (double) maxPositions / original);
    double plain = factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(original));
    double attention = p.positive("attention_factor", p.positive("short_mscale", plain));
    if (p.has("long_mscale") && p.positive("long_mscale") != attention) {
      throw p.fault(
          "long_mscale", "the value of short_mscale", "the number " + p.number("long_mscale"), "");
    }
    return new Scaling.LongRope(
        p.numbers("short_factor", dim / 2), p.numbers("long_factor", dim / 2), original, attention);
  }
}

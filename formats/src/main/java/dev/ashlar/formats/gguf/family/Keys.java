package dev.ashlar.formats.gguf.family;

import dev.ashlar.tensor.weights.StoredTensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.function.BiConsumer;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;

/** The usual rules for keys. */
final class Keys {
  /** Experts that are scored by the sigmoid, in GGUF. */
  static final long SIGMOID = 2;

  private static final long SOFTMAX = 1;

  private static final String SLIDING = "sliding_attention";

  private Keys() {}

  interface Read {
    void read(GgufModel model, Map<String, Object> config);
  }

  interface Write {
    void write(Map<String, Object> config, BiConsumer<String, Object> out);
  }

  /** Any other rule. */
  static KeyRule rule(Read read, Write write) {
    return new KeyRule() {
      @Override
      public void toConfig(GgufModel model, Map<String, Object> config) {
        read.read(model, config);
      }

      @Override
      public void toMetadata(Map<String, Object> config, BiConsumer<String, Object> out) {
        write.write(config, out);
      }
    };
  }

  /**
   * A whole number that must be there.
   *
   * @param key in GGUF
   * @param names in the configuration: the one that is written, then others that are read
   */
  static KeyRule whole(String key, String... names) {
    return rule(
        (model, config) -> config.put(names[0], model.required(key)),
        (config, out) -> out.accept(key, ConfigValues.required(config, names)));
  }

  /** A whole number, 0 included, that may be missing; then the configuration has none either. */
  static KeyRule optional(String key, String... names) {
    return rule(
        (model, config) -> model.whole(key, 0).ifPresent(n -> config.put(names[0], n)),
        (config, out) -> ConfigValues.whole(config, names).ifPresent(n -> out.accept(key, n)));
  }

  /** A whole number that is 0 where a file does not say it. */
  static KeyRule orNone(String key, String name) {
    return rule(
        (model, config) -> config.put(name, model.whole(key, 0).orElse(0)),
        (config, out) -> ConfigValues.whole(config, name).ifPresent(n -> out.accept(key, n)));
  }

  /**
   * A whole number that llama.cpp asks for and a configuration says elsewhere: nothing is read of
   * it.
   *
   * @param value what is written, 0 for none
   */
  static KeyRule derived(String key, ToLongFunction<Map<String, Object>> value) {
    return rule(
        (model, config) -> {},
        (config, out) -> {
          long n = value.applyAsLong(config);
          if (n != 0) {
            out.accept(key, n);
          }
        });
  }

  /** What llama.cpp and its kin compute otherwise than the family's models are meant. */
  static KeyRule otherwise(Predicate<Map<String, Object>> when, String sentence) {
    return new KeyRule() {
      @Override
      public void toConfig(GgufModel model, Map<String, Object> config) {}

      @Override
      public void toMetadata(Map<String, Object> config, BiConsumer<String, Object> out) {}

      @Override
      public Optional<String> unheeded(Map<String, Object> config) {
        return when.test(config) ? Optional.of(sentence) : Optional.empty();
      }
    };
  }

  /** What no model of the family has. */
  static KeyRule none(String key, String what, String unit) {
    return rule(
        (model, config) -> {
          long n = model.whole(key, 0).orElse(0);
          if (n > 0) {
            throw model.fault(key, what, n + " " + unit);
          }
        },
        (config, out) -> {});
  }

  /**
   * A whole number that is that of another rule, which stands before this one, if it is missing.
   */
  static KeyRule wholeOr(String key, String name, String other) {
    return rule(
        (model, config) -> {
          OptionalLong n = model.whole(key, 1);
          config.put(name, n.isPresent() ? (Object) n.getAsLong() : config.get(other));
        },
        (config, out) -> out.accept(key, ConfigValues.required(config, name, other)));
  }

  /** A positive number that must be there. */
  static KeyRule real(String key, String... names) {
    return rule(
        (model, config) ->
            config.put(
                names[0],
                model.positive(key).orElseThrow(() -> model.fault(key, "a value", "no such key"))),
        (config, out) ->
            out.accept(
                key,
                (float)
                    ConfigValues.number(config, names)
                        .orElseThrow(
                            () -> new FamilyException(names[0], "a value", "no such key"))));
  }

  /** A positive number with a default that both sides have. */
  static KeyRule realOr(String key, double otherwise, String... names) {
    return rule(
        (model, config) -> config.put(names[0], model.positive(key).orElse(otherwise)),
        (config, out) ->
            out.accept(key, (float) ConfigValues.number(config, names).orElse(otherwise)));
  }

  /** A positive number that may be missing; 0 counts as missing. */
  static KeyRule realOptional(String key, String... names) {
    return rule(
        (model, config) -> {
          Object raw = model.fields().values().get(model.key(key));
          if (!(raw instanceof Number n && n.doubleValue() == 0)) {
            model.positive(key).ifPresent(x -> config.put(names[0], x));
          }
        },
        (config, out) -> {
          OptionalDouble x = ConfigValues.number(config, names);
          x.ifPresent(v -> out.accept(key, (float) v));
        });
  }

  /** A truth value. */
  static KeyRule flag(String key, String name, boolean otherwise) {
    return rule(
        (model, config) -> config.put(name, model.flag(key, otherwise)),
        (config, out) -> out.accept(key, ConfigValues.flag(config, name, otherwise)));
  }

  /** What the configuration of every model of the family says, and GGUF does not. */
  static KeyRule constant(String name, Object value) {
    return rule((model, config) -> config.put(name, value), (config, out) -> {});
  }

  /** What every GGUF file of the family says, and no configuration does. */
  static KeyRule told(String key, Object value) {
    return rule((model, config) -> {}, (config, out) -> out.accept(key, value));
  }

  /** A flag that says in a configuration what in GGUF the presence of a tensor does. */
  static KeyRule present(String name, String tensor) {
    return rule((model, config) -> config.put(name, model.has(tensor)), (config, out) -> {});
  }

  /**
   * Elements of a head: {@code attention.key_length}, or what heads divide the width into, all of
   * which turn.
   */
  static KeyRule headDim() {
    return rule(
        (model, config) -> {
          long dim = headDim(model);
          long rotary = model.whole("rope.dimension_count", 1).orElse(dim);
          if (rotary != dim) {
            throw model.fault(
                "rope.dimension_count", "the head size " + dim, Long.toString(rotary));
          }
          config.put("head_dim", dim);
        },
        (config, out) -> {
          long dim = Sizes.of(config).headDim();
          out.accept("attention.key_length", dim);
          out.accept("attention.value_length", dim);
          out.accept("rope.dimension_count", dim);
        });
  }

  /**
   * The same where only a part of each head turns.
   *
   * @param name what configurations call the fraction
   */
  static KeyRule turning(String name) {
    return rule(
        (model, config) -> {
          long dim = headDim(model);
          config.put("head_dim", dim);
          long turning = model.whole("rope.dimension_count", 1).orElse(dim);
          config.put(name, (double) turning / dim);
        },
        (config, out) -> {
          long dim = Sizes.of(config).headDim();
          out.accept("attention.key_length", dim);
          out.accept("attention.value_length", dim);
          double part = ConfigValues.number(config, name, "partial_rotary_factor").orElse(1);
          out.accept("rope.dimension_count", (long) (part * dim));
        });
  }

  /**
   * The width of a feed-forward part, which some converters state wrongly: the map itself tells.
   *
   * @param maps how many maps lie in {@code blk.0.ffn_up.weight}
   */
  static KeyRule width(int maps, String... names) {
    return rule(
        (model, config) -> {
          StoredTensor up = model.tensors().get("blk.0.ffn_up.weight");
          boolean tells = up != null && up.shape().rank() == 2;
          config.put(
              names[0], tells ? up.shape().dim(0) / maps : model.required("feed_forward_length"));
        },
        (config, out) -> out.accept("feed_forward_length", ConfigValues.required(config, names)));
  }

  /** The epsilon of RMS norms. */
  static KeyRule rms() {
    return epsilon("attention.layer_norm_rms_epsilon", "rms_norm_eps");
  }

  /** The epsilon of layer norms. */
  static KeyRule layerNorm(String... names) {
    return epsilon("attention.layer_norm_epsilon", names);
  }

  /** A file has it; a configuration may have the usual one. */
  private static KeyRule epsilon(String key, String... names) {
    return rule(
        real(key, names)::toConfig,
        (config, out) ->
            out.accept(
                key,
                (float) ConfigValues.number(config, names).orElse(Usual.of(config).epsilon())));
  }

  /** Positions that a model was made for. */
  static KeyRule context(String... names) {
    return whole("context_length", names);
  }

  /**
   * Which layers look through a window.
   *
   * @param period every how many layers one sees everything, where the file does not say
   */
  static KeyRule slidingLayers(int period) {
    String key = "attention.sliding_window_pattern";
    return rule(
        (model, config) -> {
          long window = model.whole("attention.sliding_window", 0).orElse(0);
          if (window == 0) {
            config.put("sliding_window", null);
            return;
          }
          config.put("sliding_window", window);
          int layers = Math.toIntExact(model.required("block_count"));
          Object said = model.fields().values().get(model.key(key));
          long every = said instanceof Long n && n > 0 ? n : period;
          List<String> types = new ArrayList<>();
          for (int i = 0; i < layers; i++) {
            boolean slides =
                said instanceof List<?> list && i < list.size()
                    ? Boolean.TRUE.equals(list.get(i)) || list.get(i) instanceof Long n && n > 0
                    : (i + 1) % every != 0;
            types.add(slides ? SLIDING : "full_attention");
          }
          config.put("layer_types", types);
        },
        (config, out) -> {
          long window = ConfigValues.whole(config, "sliding_window").orElse(0);
          out.accept("attention.sliding_window", window);
          if (window > 0 && config.get("layer_types") instanceof List<?> types) {
            out.accept(key, types.stream().map(SLIDING::equals).toList());
          }
        });
  }

  /** Groups of experts: a number that is 1 where a file does not say it. */
  static KeyRule groups(String key, String name) {
    return rule(
        (model, config) -> config.put(name, model.whole(key, 1).orElse(1)),
        (config, out) ->
            ConfigValues.whole(config, name).ifPresent(n -> out.accept(key, Math.max(1, n))));
  }

  /** How experts are scored. */
  static KeyRule gating() {
    String key = "scoring_func";
    return rule(
        (model, config) ->
            model
                .whole("expert_gating_func", 0)
                .ifPresent(n -> config.put(key, n == SIGMOID ? "sigmoid" : "softmax")),
        (config, out) -> {
          if (config.get(key) instanceof String said) {
            out.accept(
                "expert_gating_func",
                switch (said) {
                  case "softmax" -> SOFTMAX;
                  // What the published dots.llm1 calls it.
                  case "sigmoid", "noaux_tc" -> SIGMOID;
                  default -> throw new FamilyException(key, "softmax or sigmoid", said);
                });
          }
        });
  }

  /** The elements of a head that a file says. */
  static long headDim(GgufModel model) {
    long hidden = model.required("embedding_length");
    long heads = model.required("attention.head_count");
    OptionalLong explicit = model.whole("attention.key_length", 1);
    if (explicit.isEmpty() && hidden % heads != 0) {
      throw model.fault("attention.head_count", "a divisor of " + hidden, Long.toString(heads));
    }
    return explicit.orElse(hidden / heads);
  }
}

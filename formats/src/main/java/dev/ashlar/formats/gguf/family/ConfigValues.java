package dev.ashlar.formats.gguf.family;

import dev.ashlar.tensor.weights.ConfigNames;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/** Typed access to {@code config.json}, for rules that write. */
final class ConfigValues {
  private static final List<String> SECTIONS = List.of("rope_parameters", "rope_scaling");

  private ConfigValues() {}

  /**
   * The value of the first of these keys that there is, under any of its names, in the
   * configuration or about rope.
   */
  static Optional<Object> find(Map<String, Object> config, String... keys) {
    for (String key : keys) {
      Object value = config.get(ConfigNames.in(config, key));
      if (value != null) {
        return Optional.of(value);
      }
      Object inner = rope(config).get(key);
      if (inner != null) {
        return Optional.of(inner);
      }
    }
    return Optional.empty();
  }

  /**
   * What a configuration says about rotary embeddings, in either style; of models that turn kinds
   * of layers differently, what it says of those that see everything.
   */
  static Map<?, ?> rope(Map<String, Object> config) {
    for (String name : SECTIONS) {
      if (config.get(name) instanceof Map<?, ?> section) {
        return section.get("full_attention") instanceof Map<?, ?> full ? full : section;
      }
    }
    return Map.of();
  }

  /** A whole number, or nothing. */
  static OptionalLong whole(Map<String, Object> config, String... keys) {
    Optional<Object> value = find(config, keys);
    if (value.isEmpty()) {
      return OptionalLong.empty();
    }
    if (value.get() instanceof Number n && n.doubleValue() == n.longValue()) {
      return OptionalLong.of(n.longValue());
    }
    throw new FamilyException(keys[0], "a whole number", String.valueOf(value.get()));
  }

  /** A whole number that must be there. */
  static long required(Map<String, Object> config, String... keys) {
    return whole(config, keys)
        .orElseThrow(() -> new FamilyException(keys[0], "a value", "no such key"));
  }

  /** A number, or nothing. */
  static OptionalDouble number(Map<String, Object> config, String... keys) {
    Optional<Object> value = find(config, keys);
    if (value.isEmpty()) {
      return OptionalDouble.empty();
    }
    if (value.get() instanceof Number n) {
      return OptionalDouble.of(n.doubleValue());
    }
    throw new FamilyException(keys[0], "a number", String.valueOf(value.get()));
  }

  /** A truth value, or {@code otherwise}. */
  static boolean flag(Map<String, Object> config, String key, boolean otherwise) {
    Optional<Object> value = find(config, key);
    if (value.isPresent() && !(value.get() instanceof Boolean)) {
      throw new FamilyException(key, "true or false", String.valueOf(value.get()));
    }
    return value.map(v -> (Boolean) v).orElse(otherwise);
  }
}

package dev.ashlar.nn.architecture;

import dev.ashlar.tensor.kernel.ActivationKernel.Function;
import dev.ashlar.tensor.weights.ConfigNames;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Reads a configuration without ever coercing: a number that is spelled as a string, a missing key,
 * or a size of zero is the source's fault, named by its key. A key whose value is null counts as
 * absent, as the peers write it, and a key under another of its {@linkplain ConfigNames names} as
 * present.
 */
final class Config {
  /** Sizes beyond this are damage, not models; products of two stay within a long. */
  private static final long LARGEST = 1 << 30;

  private final Map<String, Object> values;
  private final WeightSource source;
  private final String path;

  Config(Map<String, Object> values, WeightSource source) {
    this(values, source, "");
  }

  private Config(Map<String, Object> values, WeightSource source, String path) {
    this.values = values;
    this.source = source;
    this.path = path;
  }

  /**
   * Values with what the peers' configuration class of the family takes for keys that are left out;
   * a null that is written stays one.
   */
  static Map<String, Object> complete(Map<String, Object> values, Map<String, Object> defaults) {
    Map<String, Object> complete = new HashMap<>(values);
    defaults.forEach(
        (key, value) -> {
          if (!values.containsKey(ConfigNames.in(values, key))) {
            complete.put(key, value);
          }
        });
    return complete;
  }

  /** This with other values for some keys. */
  Config with(Map<String, Object> others) {
    return new Config(complete(others, values), source, path);
  }

  /** A configuration without keys. */
  Config empty() {
    return new Config(Map.of(), source, path);
  }

  /** Whether there are no keys. */
  boolean isEmpty() {
    return values.isEmpty();
  }

  /** Whether the key is there and not null. */
  boolean has(String key) {
    return value(key) != null;
  }

  /** Whether the key is there, be it null. */
  boolean declares(String key) {
    return values.containsKey(ConfigNames.in(values, key));
  }

  /** A size from 1. */
  int count(String key) {
    return (int) whole(key, present(key, "a whole number"), 1);
  }

  /** A size from 1, or {@code otherwise}. */
  int count(String key, int otherwise) {
    return has(key) ? count(key) : otherwise;
  }

  /** A number from 0, or {@code otherwise}. */
  int natural(String key, int otherwise) {
    return has(key) ? (int) whole(key, value(key), 0) : otherwise;
  }

  /** A finite number above 0. */
  double positive(String key) {
    double d = number(key);
    if (!(d > 0)) {
      throw fault(key, "a number above 0", describe(value(key)), "");
    }
    return d;
  }

  /** A finite number above 0, or {@code otherwise}. */
  double positive(String key, double otherwise) {
    return has(key) ? positive(key) : otherwise;
  }

  /** A finite number. */
  double number(String key) {
    Object value = present(key, "a number");
    if (!(value instanceof Number n) || !Double.isFinite(n.doubleValue())) {
      throw fault(key, "a finite number", describe(value), "");
    }
    return n.doubleValue();
  }

  /** A finite number, or {@code otherwise}. */
  double number(String key, double otherwise) {
    return has(key) ? number(key) : otherwise;
  }

  /** True or false, or {@code otherwise}. */
  boolean flag(String key, boolean otherwise) {
    if (!has(key)) {
      return otherwise;
    }
    if (value(key) instanceof Boolean b) {
      return b;
    }
    throw fault(key, "true or false", describe(value(key)), "");
  }

  /** A string. */
  String text(String key) {
    Object value = present(key, "a string");
    if (value instanceof String s) {
      return s;
    }
    throw fault(key, "a string", describe(value), "");
  }

  /** A string, or {@code otherwise}. */
  String text(String key, String otherwise) {
    return has(key) ? text(key) : otherwise;
  }

  /** An object, or empty. */
  Optional<Config> section(String key) {
    return has(key)
        ? Optional.of(new Config(map(key), source, path + key + "."))
        : Optional.empty();
  }

  /** The values of an object. */
  Map<String, Object> map(String key) {
    if (!(present(key, "an object") instanceof Map<?, ?> map)) {
      throw fault(key, "an object", describe(value(key)), "");
    }
    Map<String, Object> inner = new HashMap<>();
    map.forEach((k, v) -> inner.put(String.valueOf(k), v));
    return inner;
  }

  /** A list, or empty. */
  List<Object> list(String key) {
    if (!has(key)) {
      return List.of();
    }
    if (value(key) instanceof List<?> list) {
      return new ArrayList<>(list);
    }
    throw fault(key, "a list", describe(value(key)), "");
  }

  /** A list of {@code size} finite numbers. */
  List<Double> numbers(String key, int size) {
    List<Double> numbers = new ArrayList<>();
    for (Object o : list(key)) {
      if (!(o instanceof Number n) || !Double.isFinite(n.doubleValue())) {
        throw fault(key, "finite numbers", describe(o), "");
      }
      numbers.add(n.doubleValue());
    }
    if (numbers.size() != size) {
      throw fault(key, size + " numbers", numbers.size() + " numbers", "");
    }
    return numbers;
  }

  /** A list of whole numbers from 0; empty where there is none. */
  List<Integer> naturals(String key) {
    List<Integer> numbers = new ArrayList<>();
    for (Object o : list(key)) {
      numbers.add((int) whole(key, o, 0));
    }
    return numbers;
  }

  /** A list of {@code size} whole numbers from 0. */
  List<Integer> naturals(String key, int size) {
    List<Integer> numbers = naturals(key);
    if (numbers.size() != size) {
      throw fault(key, size + " entries", numbers.size() + " entries", "");
    }
    return numbers;
  }

  /** Whether the key holds a list. */
  boolean isList(String key) {
    return value(key) instanceof List<?>;
  }

  /** A list of {@code size} strings. */
  List<String> texts(String key, int size) {
    List<String> texts = new ArrayList<>();
    for (Object o : list(key)) {
      if (!(o instanceof String s)) {
        throw fault(key, "strings", describe(o), "");
      }
      texts.add(s);
    }
    if (texts.size() != size) {
      throw fault(key, size + " entries", texts.size() + " entries", "");
    }
    return texts;
  }

  /** An activation under one of the names that the peers use. */
  Function activation(String key, String otherwise) {
    String name = text(key, otherwise);
    return switch (name) {
      case "silu", "swish" -> Function.SILU;
      case "gelu", "gelu_python" -> Function.GELU;
      case "gelu_new", "gelu_fast", "gelu_pytorch_tanh", "gelu_python_tanh" -> Function.GELU_TANH;
      case "quick_gelu" -> Function.QUICK_GELU;
      case "relu" -> Function.RELU;
      case "relu2" -> Function.RELU_SQUARED;
      case "sigmoid" -> Function.SIGMOID;
      case "tanh" -> Function.TANH;
      default ->
          throw fault(
              key,
              "one of silu, gelu, gelu_new, gelu_pytorch_tanh, quick_gelu, relu, relu2, sigmoid,"
                  + " tanh",
              describe(name),
              "");
    };
  }

  /** Makes sure that {@code part} divides {@code whole}, both already read from their keys. */
  void divides(String wholeKey, int whole, String partKey, int part) {
    if (whole % part != 0) {
      throw fault(
          partKey, "a divisor of " + path + wholeKey + " = " + whole, "the number " + part, "");
    }
  }

  /** The source's exception for a key of this section. */
  RuntimeException fault(String key, String expected, String found, String hint) {
    return source.fault(path + ConfigNames.in(values, key), expected, found, hint);
  }

  private Object value(String key) {
    return values.get(ConfigNames.in(values, key));
  }

  private Object present(String key, String expected) {
    Object value = value(key);
    if (value == null) {
      String found = declares(key) ? "null" : "no such key in the configuration";
      throw fault(key, expected, found, "");
    }
    return value;
  }

  private long whole(String key, Object value, long least) {
    boolean integral = value instanceof Long || value instanceof Integer || value instanceof Short;
    long n = integral ? ((Number) value).longValue() : -1;
    if (!integral || n < least || n > LARGEST) {
      throw fault(key, "a whole number from " + least + " to " + LARGEST, describe(value), "");
    }
    return n;
  }

  /** A value as messages show it. */
  static String describe(Object value) {
    return switch (value) {
      case null -> "null";
      case Map<?, ?> m -> "an object";
      case List<?> l -> "a list";
      case String s -> "the string \"" + s + "\"";
      case Boolean b -> b.toString();
      default -> "the number " + value;
    };
  }
}

package dev.ashlar.formats.layout;

import dev.ashlar.io.InputException;
import dev.ashlar.io.json.Json;
import dev.ashlar.tensor.quant.ActivationScheme;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.quant.Unquantized;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * A quantization configuration object as found in a checkpoint, with typed access to its keys.
 * Nothing is coerced: {@code "4"} is not 4.
 *
 * @param file the checkpoint it was found in, for messages
 * @param values the object; null values count as absent
 */
public record QuantizationConfig(String file, Map<String, Object> values) {
  private static final String KEY = "quantization_config";
  static final int LARGEST_GROUP = 1 << 24;
  private static final int MAX_NESTING = 3;

  /**
   * The quantization method in lower case, guessed from telling keys where it is not spelled; empty
   * if nothing tells.
   */
  String method() {
    Optional<String> spelled = text("quant_method", "method");
    if (spelled.isPresent()) {
      return spelled.get().toLowerCase(Locale.ROOT);
    }
    if (has("packing_format") || has("autoround_version")) {
      return "auto-round";
    }
    if (has("w_bit") || has("zero_point")) {
      return "awq";
    }
    if (has("desc_act") || has("damp_percent") || has("wbits")) {
      return "gptq";
    }
    return "";
  }

  /** Whether the key is there and not null. */
  boolean has(String key) {
    return values.get(key) != null;
  }

  /** The text under the first of the synonyms that is there. */
  Optional<String> text(String... synonyms) {
    return value(String.class, "text", synonyms);
  }

  /** The truth value under the first of the synonyms that is there. */
  Optional<Boolean> flag(String... synonyms) {
    return value(Boolean.class, "true or false", synonyms);
  }

  /** The object under the key. */
  Map<String, Object> object(String key) {
    Object value = values.get(key);
    if (value == null) {
      return Map.of();
    }
    if (!(value instanceof Map<?, ?>)) {
      throw fault(key, "an object", Json.describe(value));
    }
    return Json.asObject(value, file);
  }

  /** The object under a key of the object under the key. */
  Map<String, Object> object(String key, String inner) {
    return Json.asObject(object(key).get(inner), file);
  }

  /** The names under the key: a list, nested lists, or one comma-separated text. */
  List<String> names(String key) {
    List<String> names = new ArrayList<>();
    collect(key, values.get(key), names, 0);
    return names;
  }

  /** The texts of the list under the key, none if it is not there. */
  List<String> texts(String key) {
    Object value = values.get(key);
    if (value == null) {
      return List.of();
    }
    if (!(value instanceof List<?> list)) {
      throw fault(key, "a list of texts", Json.describe(value));
    }
    List<String> texts = new ArrayList<>();
    for (Object one : list) {
      if (!(one instanceof String text)) {
        throw fault(key, "a list of texts", Json.describe(one));
      }
      texts.add(text);
    }
    return texts;
  }

  private void collect(String key, Object value, List<String> names, int depth) {
    if (value instanceof String text) {
      for (String name : text.split(",")) {
        if (!name.isBlank()) {
          names.add(name.strip());
        }
      }
    } else if (value instanceof List<?> list && depth < MAX_NESTING) {
      for (Object inner : list) {
        collect(key, inner, names, depth + 1);
      }
    } else if (value != null) {
      throw fault(key, "names", Json.describe(value));
    }
  }

  /**
   * The scheme that the keys of this object spell.
   *
   * @throws CheckpointException if bits are not among them
   */
  QuantScheme scheme() {
    if (bits().isEmpty()) {
      throw fault("bits", "2, 3, 4 or 8", "no such key");
    }
    return over(this);
  }

  /** The scheme that the keys of this object spell, those that it lacks being {@code base}'s. */
  QuantScheme over(QuantizationConfig base) {
    int bits = bits().or(base::bits).orElseThrow();
    int group = groupSize().or(base::groupSize).orElse(-1);
    boolean symmetric = symmetric().or(base::symmetric).orElse(true);
    return bits >= QuantScheme.FLOAT_BITS
        ? new Unquantized()
        : new IntegerGrid(bits, group, symmetric).withActivations(inputs(base));
  }

  /** How inputs are rounded, by AutoRound's keys; those that are not here are {@code base}'s. */
  private Optional<ActivationScheme> inputs(QuantizationConfig base) {
    Optional<Long> bits = integer("act_bits").or(() -> base.integer("act_bits"));
    if (bits.isEmpty() || bits.get() >= QuantScheme.FLOAT_BITS) {
      return Optional.empty();
    }
    if (bits.get() < 2 || bits.get() > Byte.SIZE) {
      throw fault("act_bits", "2 to 8, or 16", bits.get().toString());
    }
    String type = text("act_data_type").or(() -> base.text("act_data_type")).orElse("int");
    if (!type.startsWith("int")) {
      throw fault("act_data_type", "int", type);
    }
    boolean dynamic = flag("act_dynamic").or(() -> base.flag("act_dynamic")).orElse(true);
    long group = integer("act_group_size").or(() -> base.integer("act_group_size")).orElse(-1L);
    if (dynamic && group != -1 && (group < 1 || group > LARGEST_GROUP)) {
      throw fault("act_group_size", "-1 (one group a token) or a positive size", group + "");
    }
    boolean symmetric = flag("act_sym").or(() -> base.flag("act_sym")).orElse(true);
    if (!dynamic && !symmetric) {
      throw fault("act_sym", "true beside fixed scales", "false");
    }
    return Optional.of(
        new ActivationScheme(
            new ActivationScheme.Element.Integers(bits.get().intValue(), symmetric),
            dynamic ? (int) group : 0,
            dynamic));
  }

  private Optional<Boolean> symmetric() {
    return flag("sym").or(() -> flag("zero_point").map(asymmetric -> !asymmetric));
  }

  private Optional<Integer> bits() {
    String type = text("data_type").orElse("int");
    Optional<Long> bits = integer("bits", "w_bit", "wbits");
    if (type.startsWith("float") || type.equals("fp")) {
      return Optional.of(QuantScheme.FLOAT_BITS);
    }
    if (!type.startsWith("int")) {
      throw fault("data_type", "int", type);
    }
    bits.ifPresent(
        b -> {
          if (b < QuantScheme.FLOAT_BITS && !GptqLayout.supportsBits(b.intValue())) {
            throw fault("bits", "2, 3, 4 or 8", b.toString());
          }
        });
    return bits.map(b -> (int) Math.min(b, QuantScheme.FLOAT_BITS));
  }

  private Optional<Integer> groupSize() {
    return integer("group_size", "q_group_size")
        .map(
            g -> {
              if (g != -1 && (g < 1 || g > LARGEST_GROUP)) {
                throw fault("group_size", "-1 (one group a row) or a positive size", g.toString());
              }
              return g.intValue();
            });
  }

  private Optional<Long> integer(String... synonyms) {
    for (String key : synonyms) {
      Object value = values.get(key);
      if (value instanceof Long number) {
        return Optional.of(number);
      } else if (value instanceof BigInteger || value != null) {
        throw fault(key, "an integer", Json.describe(value));
      }
    }
    return Optional.empty();
  }

  private <T> Optional<T> value(Class<T> type, String expected, String... synonyms) {
    for (String key : synonyms) {
      Object value = values.get(key);
      if (type.isInstance(value)) {
        return Optional.of(type.cast(value));
      } else if (value != null) {
        throw fault(key, expected, Json.describe(value));
      }
    }
    return Optional.empty();
  }

  /** This file's fault under a key. */
  InputException fault(String key, String expected, String found) {
    return InputException.in(file)
        .place(KEY + "." + key)
        .expected(expected)
        .found(found)
        .exception();
  }
}

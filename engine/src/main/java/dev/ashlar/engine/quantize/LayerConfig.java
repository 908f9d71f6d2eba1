package dev.ashlar.engine.quantize;

import dev.ashlar.io.InputException;
import dev.ashlar.io.json.Json;
import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tuning.plan.DataType;
import dev.ashlar.tuning.plan.SchemeOverride;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Schemes of single layers: a JSON object from layer names, or regular expressions for them, to
 * {@code {"bits": 8, "group_size": 32, "sym": true}} and the other keys of AutoRound's {@code
 * layer_config}, each optional. It is given inline or in a file.
 */
public final class LayerConfig {
  private static final List<String> KEYS =
      List.of(
          "bits",
          "group_size",
          "sym",
          "scale_dtype",
          "data_type",
          "act_bits",
          "act_group_size",
          "act_sym",
          "act_data_type",
          "act_dynamic");

  private static final Map<Object, DType> SCALE_TYPES =
      Map.of(
          "fp16",
          DType.F16,
          "float16",
          DType.F16,
          "torch.float16",
          DType.F16,
          "fp32",
          DType.F32,
          "float32",
          DType.F32,
          "torch.float32",
          DType.F32);

  private final String where;

  private LayerConfig(String where) {
    this.where = where;
  }

  /**
   * The rules in {@code text}, which is JSON if it begins with a brace and a file's path otherwise.
   *
   * @throws InputException naming the rule at fault
   */
  public static Map<String, SchemeOverride> read(String text) {
    boolean inline = text.strip().startsWith("{");
    LayerConfig config = new LayerConfig(inline ? "--layer-config" : text);
    Map<String, Object> json = inline ? config.inline(text) : Json.readObject(file(text));
    Map<String, SchemeOverride> rules = new LinkedHashMap<>();
    json.forEach((layer, value) -> rules.put(layer, config.rule(layer, value)));
    return rules;
  }

  /** JSON, or what a person takes for it. */
  private Map<String, Object> inline(String text) {
    try {
      return parsed(text);
    } catch (InputException e) {
      try {
        return parsed(LooseJson.strict(text));
      } catch (InputException again) {
        // What was typed is what the message should be about.
        throw e;
      }
    }
  }

  private Map<String, Object> parsed(String json) {
    return Json.parseObject(json.getBytes(StandardCharsets.UTF_8), where);
  }

  private static Path file(String text) {
    try {
      return Path.of(text);
    } catch (InvalidPathException e) {
      throw new InputException("--layer-config: not a path: " + e.getReason(), e);
    }
  }

  /** A common name such as {@code W8A16} stands for its bits and groups. */
  private Map<String, Object> keys(String layer, Object value) {
    if (!(value instanceof String name)) {
      return Json.asObject(value, where + ": " + layer);
    }
    try {
      return NamedScheme.require(name).keys();
    } catch (IllegalArgumentException e) {
      throw new InputException(where + ": " + layer + ": " + e.getMessage(), e);
    }
  }

  private SchemeOverride rule(String layer, Object value) {
    Map<String, Object> keys = keys(layer, value);
    for (String key : keys.keySet()) {
      if (!KEYS.contains(key)) {
        throw new InputException(
            where
                + ": "
                + layer
                + ": unknown key \""
                + key
                + "\"; there are "
                + String.join(", ", KEYS));
      }
    }
    Rule rule = new Rule(layer, keys);
    SchemeOverride override =
        new SchemeOverride(
            new SchemeOverride.Weights(
                rule.bits("bits"),
                rule.groupSize("group_size", -1),
                rule.truth("sym"),
                rule.scaleType("scale_dtype"),
                rule.type("data_type")),
            new SchemeOverride.Inputs(
                rule.bits("act_bits"),
                rule.groupSize("act_group_size", 0),
                rule.truth("act_sym"),
                rule.type("act_data_type"),
                rule.truth("act_dynamic")));
    try {
      override.over(new IntegerGrid(4, 128, true));
    } catch (IllegalArgumentException e) {
      throw new InputException(where + ": " + layer + ": " + e.getMessage());
    }
    return override;
  }

  /** The keys of one rule, each absent or checked. */
  private final class Rule {
    private final String layer;
    private final Map<String, Object> keys;

    Rule(String layer, Map<String, Object> keys) {
      this.layer = layer;
      this.keys = keys;
    }

    OptionalInt bits(String key) {
      Object value = keys.get(key);
      if (value == null) {
        return OptionalInt.empty();
      }
      boolean valid = value instanceof Long b && ((b >= 2 && b <= 8) || b == 16);
      require(valid, key, "2 to 8, or 16 to leave the layer float", value);
      return OptionalInt.of(((Long) value).intValue());
    }

    OptionalInt groupSize(String key, int least) {
      Object value = keys.get(key);
      if (value == null) {
        return OptionalInt.empty();
      }
      boolean valid = value instanceof Long g && (g == -1 || (g >= 1 && g <= 1 << 20));
      valid |= value instanceof Long g && g == 0 && least == 0;
      require(valid, key, "a positive number, or -1 for whole rows", value);
      return OptionalInt.of(((Long) value).intValue());
    }

    Optional<Boolean> truth(String key) {
      Object value = keys.get(key);
      require(value == null || value instanceof Boolean, key, "true or false", value);
      return Optional.ofNullable((Boolean) value);
    }

    Optional<DataType> type(String key) {
      Object value = keys.get(key);
      if (value == null) {
        return Optional.empty();
      }
      Optional<DataType> type = value instanceof String s ? DataType.of(s) : Optional.empty();
      require(type.isPresent(), key, "one of " + DataType.spellings(), value);
      return type;
    }

    Optional<DType> scaleType(String key) {
      Object value = keys.get(key);
      if (value == null) {
        return Optional.empty();
      }
      Optional<DType> type = Optional.ofNullable(SCALE_TYPES.get(value));
      require(type.isPresent(), key, "fp16 or fp32", value);
      return type;
    }

    private void require(boolean holds, String key, String expected, Object found) {
      if (!holds) {
        throw new InputException(
            where + ": " + layer + ": " + key + ": expected " + expected + " but found " + found);
      }
    }
  }
}

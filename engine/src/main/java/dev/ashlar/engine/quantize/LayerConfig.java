package dev.ashlar.engine.quantize;

import dev.ashlar.io.InputException;
import dev.ashlar.io.json.Json;
import dev.ashlar.tuning.plan.SchemeOverride;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Schemes of single layers: a JSON object from layer names, or regular expressions for them, to
 * {@code {"bits": 8, "group_size": 32, "sym": true}}, each part optional. It is given inline or in
 * a file.
 */
public final class LayerConfig {
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
    Map<String, Object> json =
        inline
            ? Json.parseObject(text.getBytes(StandardCharsets.UTF_8), config.where)
            : Json.readObject(Path.of(text));
    Map<String, SchemeOverride> rules = new LinkedHashMap<>();
    json.forEach((layer, value) -> rules.put(layer, config.rule(layer, value)));
    return rules;
  }

  private SchemeOverride rule(String layer, Object value) {
    OptionalInt bits = OptionalInt.empty();
    OptionalInt groupSize = OptionalInt.empty();
    Optional<Boolean> symmetric = Optional.empty();
    for (Map.Entry<String, Object> e : Json.asObject(value, where + ": " + layer).entrySet()) {
      String key = e.getKey();
      switch (key) {
        case "bits" -> bits = OptionalInt.of(bits(layer, e.getValue()));
        case "group_size" -> groupSize = OptionalInt.of(groupSize(layer, e.getValue()));
        case "sym" -> symmetric = Optional.of(truth(layer, e.getValue()));
        case "data_type" -> require(e.getValue().equals("int"), layer, key, "int", e.getValue());
        default ->
            throw new InputException(
                where
                    + ": "
                    + layer
                    + ": unknown key \""
                    + key
                    + "\"; there are bits, group_size and sym");
      }
    }
    return new SchemeOverride(bits, groupSize, symmetric);
  }

  private int bits(String layer, Object value) {
    boolean valid = value instanceof Long b && ((b >= 2 && b <= 8) || b == 16);
    require(valid, layer, "bits", "2 to 8, or 16 to leave the layer float", value);
    return ((Long) value).intValue();
  }

  private int groupSize(String layer, Object value) {
    boolean valid = value instanceof Long g && (g == -1 || (g >= 1 && g <= 1 << 20));
    require(valid, layer, "group_size", "a positive number, or -1 for whole rows", value);
    return ((Long) value).intValue();
  }

  private boolean truth(String layer, Object value) {
    require(value instanceof Boolean, layer, "sym", "true or false", value);
    return (Boolean) value;
  }

  private void require(boolean holds, String layer, String key, String expected, Object found) {
    if (!holds) {
      throw new InputException(
          where + ": " + layer + ": " + key + ": expected " + expected + " but found " + found);
    }
  }
}

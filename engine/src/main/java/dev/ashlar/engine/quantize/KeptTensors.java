package dev.ashlar.engine.quantize;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Says what was written through unchanged because it is no part of the language model. */
public final class KeptTensors {
  private KeptTensors() {}

  /**
   * How many of {@code names} there are in each part of the model: the first word of a name, or the
   * first two where the language model's own names begin with the first.
   *
   * @param prefix what the language model's names begin with
   */
  public static Map<String, Integer> byPart(Set<String> names, String prefix) {
    Map<String, Integer> parts = new LinkedHashMap<>();
    for (String name : names) {
      int dot = name.indexOf('.');
      if (dot > 0 && prefix.startsWith(name.substring(0, dot + 1))) {
        dot = name.indexOf('.', dot + 1);
      }
      parts.merge(dot < 0 ? name : name.substring(0, dot), 1, Integer::sum);
    }
    return parts;
  }

  /** For example {@code 3 tensors of visual and 1 tensor of audio kept as they are}. */
  public static String sentence(Map<String, Integer> parts) {
    List<String> each =
        parts.entrySet().stream()
            .map(
                e ->
                    e.getValue()
                        + (e.getValue() == 1 ? " tensor of " : " tensors of ")
                        + e.getKey())
            .toList();
    return String.join(" and ", each) + " kept as they are";
  }
}

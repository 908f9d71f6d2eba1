package dev.ashlar.formats.safetensors;

import dev.ashlar.tensor.DType;
import java.util.Map;
import java.util.TreeMap;

/**
 * An element type as a safetensors header spells it.
 *
 * @param name its spelling; case matters
 * @param bits bits per element
 * @param dtype the type it is read as, or null for one that can only be copied
 */
record SafetensorsType(String name, int bits, DType dtype) {
  /** Types of the format that {@link DType} lacks: such tensors open, copy, but do not widen. */
  private static final Map<String, Integer> OPAQUE =
      Map.of("F4", 4, "F6_E2M3", 6, "F6_E3M2", 6, "F8_E4M3FNUZ", 8, "F8_E5M2FNUZ", 8, "C64", 64);

  private static final Map<String, SafetensorsType> ALL = all();

  /** The type of that spelling, or null. */
  static SafetensorsType of(String name) {
    return ALL.get(name);
  }

  /** Every known spelling, for messages. */
  static String spellings() {
    return String.join(", ", ALL.keySet());
  }

  private static Map<String, SafetensorsType> all() {
    Map<String, SafetensorsType> all = new TreeMap<>();
    for (DType t : DType.values()) {
      all.put(t.name(), new SafetensorsType(t.name(), 8 * t.bytes(), t));
    }
    OPAQUE.forEach((name, bits) -> all.put(name, new SafetensorsType(name, bits, null)));
    return all;
  }
}

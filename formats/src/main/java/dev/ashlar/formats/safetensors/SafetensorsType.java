package dev.ashlar.formats.safetensors;

import dev.ashlar.tensor.DType;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * An element type as a safetensors header spells it.
 *
 * @param rank its place in the reference library's list, by which files are ordered
 * @param name its spelling; case matters
 * @param bits bits per element
 * @param dtype the type it is read as, or null for one that opens and copies but does not widen
 */
record SafetensorsType(int rank, String name, int bits, DType dtype)
    implements Comparable<SafetensorsType> {
  private static final Map<String, SafetensorsType> ALL = all();

  /** The type of that spelling, or null. */
  static SafetensorsType of(String name) {
    return ALL.get(name);
  }

  /** Every known spelling, for messages. */
  static String spellings() {
    return String.join(", ", ALL.keySet());
  }

  @Override
  public int compareTo(SafetensorsType other) {
    return Integer.compare(rank, other.rank);
  }

  private static Map<String, SafetensorsType> all() {
    Map<String, SafetensorsType> all = new LinkedHashMap<>();
    add(all, "BOOL", DType.BOOL);
    opaque(all, "F4", 4);
    opaque(all, "F6_E2M3", 6);
    opaque(all, "F6_E3M2", 6);
    add(all, "U8", DType.U8);
    add(all, "I8", DType.I8);
    add(all, "F8_E5M2", DType.F8_E5M2);
    add(all, "F8_E4M3", DType.F8_E4M3);
    add(all, "F8_E8M0", DType.F8_E8M0);
    opaque(all, "F8_E4M3FNUZ", 8);
    opaque(all, "F8_E5M2FNUZ", 8);
    add(all, "I16", DType.I16);
    add(all, "U16", DType.U16);
    add(all, "F16", DType.F16);
    add(all, "BF16", DType.BF16);
    add(all, "I32", DType.I32);
    add(all, "U32", DType.U32);
    add(all, "F32", DType.F32);
    opaque(all, "C64", 64);
    add(all, "F64", DType.F64);
    add(all, "I64", DType.I64);
    add(all, "U64", DType.U64);
    return all;
  }

  private static void add(Map<String, SafetensorsType> all, String name, DType dtype) {
    all.put(name, new SafetensorsType(all.size(), name, 8 * dtype.bytes(), dtype));
  }

  private static void opaque(Map<String, SafetensorsType> all, String name, int bits) {
    all.put(name, new SafetensorsType(all.size(), name, bits, null));
  }
}

package dev.ashlar.formats.export;

import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What has been written so far, as configurations need to state it. */
final class WrittenLayers {
  /** A block's module list, its number, and the name inside the block. */
  private static final Pattern IN_BLOCK = Pattern.compile("^(.*?)\\.(\\d+)\\.(.+)$");

  private final ExportPlan plan;
  private final Map<String, IntegerGrid> packed = new LinkedHashMap<>();
  private boolean actOrder;

  WrittenLayers(ExportPlan plan) {
    this.plan = plan;
  }

  void add(String module, QuantizedMatrix tensor) {
    packed.put(module, tensor.scheme());
    actOrder |= tensor.groupOfColumn() != null;
  }

  ExportPlan plan() {
    return plan;
  }

  /** Schemes of the packed linear maps, in the order of writing. */
  Map<String, IntegerGrid> packed() {
    return packed;
  }

  /** Whether some columns are in groups other than k / g. */
  boolean actOrder() {
    return actOrder;
  }

  /** Whether the module is part of a block. */
  static boolean inBlock(String module) {
    return IN_BLOCK.matcher(module).matches();
  }

  /** The module's name inside its block. */
  static String nameInBlock(String module) {
    Matcher m = IN_BLOCK.matcher(module);
    return m.matches() ? m.group(3) : module;
  }

  /** Linear maps of the blocks that stay float, in the plan's order. */
  List<String> floatsInBlocks() {
    List<String> floats = new ArrayList<>();
    for (String module : plan.linears().keySet()) {
      if (!packed.containsKey(module) && inBlock(module)) {
        floats.add(module);
      }
    }
    return floats;
  }

  /** Names of the module lists whose blocks hold packed linear maps ({@code model.layers}). */
  List<String> blockLists() {
    Set<String> lists = new LinkedHashSet<>();
    for (String module : packed.keySet()) {
      Matcher m = IN_BLOCK.matcher(module);
      if (m.matches()) {
        lists.add(m.group(1));
      }
    }
    return List.copyOf(lists);
  }

  /** The settings in which a scheme differs from the base; empty if in none. */
  Map<String, Object> difference(IntegerGrid scheme) {
    IntegerGrid base = plan.grid();
    Map<String, Object> keys = new LinkedHashMap<>();
    if (scheme.bits() != base.bits()) {
      keys.put("bits", scheme.bits());
    }
    if (scheme.groupSize() != base.groupSize()) {
      keys.put("group_size", scheme.groupSize());
    }
    if (scheme.symmetric() != base.symmetric()) {
      keys.put("sym", scheme.symmetric());
    }
    return keys;
  }
}

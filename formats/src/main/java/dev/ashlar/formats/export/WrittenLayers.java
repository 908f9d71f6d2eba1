package dev.ashlar.formats.export;

import dev.ashlar.tensor.quant.ActivationScheme;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What has been written so far, as configurations need to state it. */
final class WrittenLayers {
  /** A block's module list, its number, and the name inside the block. */
  private static final Pattern IN_BLOCK = Pattern.compile("^(.*?)\\.(\\d+)\\.(.+)$");

  /** How families call their embeddings, which loaders never take for linear maps. */
  private static final Pattern EMBEDDING =
      Pattern.compile(
          "(^|\\.)(wte|wpe|embed_(tokens|positions|in)|\\w*embeddings?)(_layernorm)?($|\\.)");

  private final ExportPlan plan;
  private final Map<String, QuantScheme> schemes = new LinkedHashMap<>();
  private final Set<String> written = new LinkedHashSet<>();
  private final Set<String> matrices = new LinkedHashSet<>();
  private boolean actOrder;

  WrittenLayers(ExportPlan plan) {
    this.plan = plan;
  }

  void add(String module, QuantizedMatrix tensor) {
    written.add(module);
    // What its inputs reach is stored beside the layer and is no difference from the others.
    tensor
        .described()
        .map(s -> s.withInputs(s.activations().map(a -> a.withLargest(Float.NaN))))
        .ifPresent(scheme -> schemes.put(module, scheme));
    actOrder |= tensor.groupOfColumn() != null;
  }

  /** Takes note of a module that has a matrix of floats. */
  void addFloat(String module) {
    matrices.add(module);
  }

  ExportPlan plan() {
    return plan;
  }

  /** Linear maps that are not written as floats, in the order of writing. */
  Set<String> written() {
    return written;
  }

  /** Their schemes, in the order of writing. */
  Map<String, QuantScheme> schemes() {
    return schemes;
  }

  /** Schemes of those of integers, in the order of writing. */
  Map<String, IntegerGrid> packed() {
    Map<String, IntegerGrid> packed = new LinkedHashMap<>();
    schemes.forEach(
        (module, scheme) -> {
          if (scheme instanceof IntegerGrid grid) {
            packed.put(module, grid);
          }
        });
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
      if (!written.contains(module) && inBlock(module)) {
        floats.add(module);
      }
    }
    return floats;
  }

  /**
   * All modules with a matrix that loaders must be told to leave float: linear maps of the blocks,
   * the head, and whatever else has a matrix, if it is no embedding.
   */
  List<String> floats() {
    Set<String> floats = new LinkedHashSet<>(floatsInBlocks());
    if (written.stream().noneMatch(FolderExport::isHead)) {
      // Also where it is the embedding: the module is there all the same.
      floats.add(FolderExport.HEAD);
    }
    matrices.stream().filter(m -> !EMBEDDING.matcher(m).find()).forEach(floats::add);
    return List.copyOf(floats);
  }

  /** Names of the module lists whose blocks hold packed linear maps ({@code model.layers}). */
  List<String> blockLists() {
    Set<String> lists = new LinkedHashSet<>();
    for (String module : written) {
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
    if (!scheme.activations().equals(base.activations())) {
      keys.putAll(inputs(scheme));
    }
    return keys;
  }

  /** How inputs are taken, in AutoRound's keys. */
  static Map<String, Object> inputs(IntegerGrid scheme) {
    Map<String, Object> keys = new LinkedHashMap<>();
    Optional<ActivationScheme> inputs = scheme.activations();
    if (inputs.isEmpty()) {
      keys.put("act_bits", QuantScheme.FLOAT_BITS);
    } else if (inputs.get().element() instanceof ActivationScheme.Element.Integers integers) {
      keys.put("act_bits", integers.bits());
      keys.put("act_data_type", "int");
      keys.put("act_group_size", inputs.get().groupSize());
      keys.put("act_sym", integers.symmetric());
      keys.put("act_dynamic", inputs.get().dynamic());
    }
    return keys;
  }
}

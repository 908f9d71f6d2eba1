package dev.ashlar.formats.export;

import dev.ashlar.formats.layout.CompressedLayouts;
import dev.ashlar.tensor.quant.ActivationScheme;
import dev.ashlar.tensor.quant.ActivationScheme.Element;
import dev.ashlar.tensor.quant.FloatGrid;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantScheme;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The configuration of compressed-tensors' folders, key by key as its own programs write it. */
final class CompressedTensorsConfig {
  private static final String FORMAT = "format";

  private CompressedTensorsConfig() {}

  /** The whole object. */
  static Map<String, Object> of(WrittenLayers layers) {
    Map<QuantScheme, List<String>> targets = targets(layers);
    List<String> formats =
        targets.keySet().stream().map(CompressedTensorsConfig::format).distinct().toList();
    boolean mixed = formats.size() > 1;
    Map<String, Object> groups = new LinkedHashMap<>();
    targets.forEach(
        (scheme, names) -> groups.put("group_" + groups.size(), group(scheme, names, mixed)));
    Map<String, Object> config = new LinkedHashMap<>();
    config.put("config_groups", groups);
    config.put(FORMAT, mixed ? "mixed-precision" : formats.getFirst());
    config.put("global_compression_ratio", null);
    config.put("ignore", layers.floats());
    config.put("kv_cache_scheme", null);
    config.put("moe_sparsity_config", null);
    config.put("provider", Producer.NAME);
    config.put("quant_method", "compressed-tensors");
    config.put("quantization_status", "compressed");
    config.put(Producer.NAME, Producer.record(layers.plan()));
    return config;
  }

  /**
   * What each scheme is for: the class of linear maps where all of the blocks are alike, else their
   * names; a head by its name, since it is of a class of its own in some loaders.
   */
  private static Map<QuantScheme, List<String>> targets(WrittenLayers layers) {
    Map<QuantScheme, List<String>> names = new LinkedHashMap<>();
    Map<QuantScheme, List<String>> inBlocks = new LinkedHashMap<>();
    layers
        .schemes()
        .forEach(
            (module, scheme) -> {
              names.computeIfAbsent(scheme, s -> new ArrayList<>()).add(module);
              if (WrittenLayers.inBlock(module)) {
                inBlocks.computeIfAbsent(scheme, s -> new ArrayList<>()).add(module);
              }
            });
    if (inBlocks.size() == 1) {
      QuantScheme scheme = inBlocks.keySet().iterator().next();
      names.get(scheme).removeAll(new HashSet<>(inBlocks.get(scheme)));
      names.get(scheme).addFirst("Linear");
    }
    if (names.isEmpty()) {
      names.put(layers.plan().base(), List.of("Linear"));
    }
    return names;
  }

  private static String format(QuantScheme scheme) {
    return CompressedLayouts.of(scheme).name();
  }

  private static Map<String, Object> group(
      QuantScheme scheme, List<String> targets, boolean mixed) {
    // AutoRound leaves the format of a group open where it writes such floats by themselves.
    boolean open =
        !mixed
            && scheme instanceof FloatGrid grid
            && (grid.scale() != FloatGrid.Scale.F32
                || grid.activations().filter(a -> !a.dynamic()).isPresent());
    Map<String, Object> group = new LinkedHashMap<>();
    group.put(FORMAT, open ? null : format(scheme));
    group.put("input_activations", scheme.activations().map(a -> inputs(a)).orElse(null));
    group.put("output_activations", null);
    group.put("targets", targets);
    group.put("weights", weights(scheme));
    return group;
  }

  private static Map<String, Object> weights(QuantScheme scheme) {
    if (scheme instanceof IntegerGrid grid) {
      return keys(
          "int",
          grid.bits(),
          grid.symmetric(),
          false,
          grid.groupSize() < 0 ? "channel" : "group",
          grid.groupSize());
    }
    FloatGrid grid = (FloatGrid) scheme;
    String strategy =
        grid.blockRows() > 1
            ? "block"
            : grid.hasGlobal()
                ? "tensor_group"
                : grid.blockSize() > 0 ? "group" : grid.blockSize() == 0 ? "tensor" : "channel";
    int size = grid.blockRows() > 1 ? -1 : grid.blockSize();
    Map<String, Object> keys = keys("float", grid.element().bits(), true, false, strategy, size);
    if (grid.blockRows() > 1) {
      keys.put("block_structure", List.of(grid.blockRows(), grid.blockSize()));
    }
    scaleType(keys, grid.scale());
    return keys;
  }

  private static Map<String, Object> inputs(ActivationScheme a) {
    boolean global = a.hasGlobal();
    String strategy =
        global
            ? "tensor_group"
            : a.groupSize() > 0 ? "group" : a.groupSize() == 0 ? "tensor" : "token";
    boolean symmetric = !(a.element() instanceof Element.Integers i) || i.symmetric();
    String type = a.element() instanceof Element.Integers ? "int" : "float";
    Object dynamic = global ? "local" : a.dynamic();
    Map<String, Object> keys =
        keys(type, a.element().bits(), symmetric, dynamic, strategy, a.groupSize());
    if (global) {
      keys.put("observer", "static_minmax");
    }
    if (a.element() instanceof Element.Floats f) {
      scaleType(keys, f.scale());
    }
    return keys;
  }

  private static Map<String, Object> keys(
      String type, int bits, boolean symmetric, Object dynamic, String strategy, int size) {
    Map<String, Object> keys = new LinkedHashMap<>();
    keys.put("dynamic", dynamic);
    keys.put("group_size", size > 0 ? size : null);
    keys.put("num_bits", bits);
    keys.put("strategy", strategy);
    keys.put("symmetric", symmetric);
    keys.put("type", type);
    return keys;
  }

  private static void scaleType(Map<String, Object> keys, FloatGrid.Scale scale) {
    switch (scale) {
      case E8M0 -> keys.put("scale_dtype", "torch.uint8");
      case E4M3 -> keys.put("scale_dtype", "torch.float8_e4m3fn");
      case F32, F16, BF16 -> {}
    }
  }
}

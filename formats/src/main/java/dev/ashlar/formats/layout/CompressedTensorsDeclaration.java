package dev.ashlar.formats.layout;

import dev.ashlar.formats.checkpoint.CheckpointNotes;
import dev.ashlar.io.json.Json;
import dev.ashlar.tensor.quant.FloatFormat;
import dev.ashlar.tensor.quant.FloatGrid;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantScheme;
import java.util.Map;
import java.util.Optional;

/**
 * {@code quant_method: compressed-tensors} (docs/formats.md, compressed-tensors): each of {@code
 * config_groups} gives the layers that its {@code targets} match a scheme and a layout.
 */
final class CompressedTensorsDeclaration implements Declaration {
  private static final String GROUPS = "config_groups";

  /** What the format of a folder is called whose groups have different ones. */
  private static final String MIXED = "mixed-precision";

  /** The group size that tells powers of two where nothing else does. */
  private static final int MX_GROUP = 32;

  @Override
  public String method() {
    return "compressed-tensors";
  }

  @Override
  public CompressedGroups plan(QuantizationConfig config) {
    if (config.values().get("sparsity_config") instanceof Map<?, ?> sparsity
        && sparsity.get("format") instanceof String format
        && !format.equals("dense")) {
      throw config.fault("sparsity_config.format", "dense", format);
    }
    CompressedGroups groups = new CompressedGroups();
    for (String name : config.object(GROUPS).keySet()) {
      QuantizationConfig group = new QuantizationConfig(config.file(), config.object(GROUPS, name));
      if (group.has("weights")) {
        String key = GROUPS + "." + name;
        groups.add(config, key + ".targets", group.texts("targets"), group(config, key, group));
      }
    }
    if (groups.isEmpty()) {
      throw config.fault(GROUPS, "a group that has weights", "none");
    }
    groups.ignore(config, "ignore", config.texts("ignore"));
    return groups;
  }

  private static CompressedGroups.Group group(
      QuantizationConfig config, String key, QuantizationConfig group) {
    QuantScheme weights = weights(config, key, group);
    SmallFloatInputs inputs = SmallFloatInputs.ofGroup(group.values());
    if (inputs.isUnknown() && weights instanceof FloatGrid) {
      SmallFloatInputs.tellUnknown(new CheckpointNotes(config.file()));
    } else if (inputs.isUnknown()) {
      throw config.fault(
          key + ".input_activations",
          "rounding by tokens or groups, or symmetric by one fixed scale",
          String.valueOf(group.values().get("input_activations")));
    }
    QuantScheme scheme = weights.withInputs(inputs.scheme());
    return new CompressedGroups.Group(scheme, layout(config, key, group, scheme));
  }

  /** The group's own format, else the folder's, else what its scheme is written in. */
  private static PackedLayout layout(
      QuantizationConfig config, String key, QuantizationConfig group, QuantScheme scheme) {
    Optional<String> format =
        group.text("format").or(() -> config.text("format").filter(f -> !f.equals(MIXED)));
    return format.isEmpty()
        ? CompressedLayouts.of(scheme)
        : CompressedLayouts.named(format.get(), scheme)
            .orElseThrow(
                () ->
                    config.fault(
                        key + ".format", "one of " + CompressedLayouts.names(), format.get()));
  }

  private static QuantScheme weights(
      QuantizationConfig config, String key, QuantizationConfig group) {
    QuantizationConfig weights = new QuantizationConfig(config.file(), group.object("weights"));
    String at = key + ".weights";
    Object bits = weights.values().getOrDefault("num_bits", 8L);
    Object size = weights.values().get("group_size");
    String strategy =
        weights
            .text("strategy")
            .orElse(Long.valueOf(-1).equals(size) || size == null ? "channel" : "group");
    return switch (weights.text("type").orElse("int")) {
      case "int" -> integers(config, at, weights, bits, strategy);
      case "float" -> floats(config, at, weights, bits, strategy);
      default -> throw config.fault(at + ".type", "int or float", weights.text("type").get());
    };
  }

  private static IntegerGrid integers(
      QuantizationConfig config,
      String at,
      QuantizationConfig weights,
      Object bits,
      String strategy) {
    if (!(bits instanceof Long width) || width < 2 || width > 8) {
      throw config.fault(at + ".num_bits", "2 to 8", Json.describe(bits));
    }
    int size =
        switch (strategy) {
          case "tensor", "channel" -> -1;
          case "group" -> groupSize(config, at, weights);
          default -> throw config.fault(at + ".strategy", "tensor, channel or group", strategy);
        };
    return new IntegerGrid(width.intValue(), size, weights.flag("symmetric").orElse(true));
  }

  private static FloatGrid floats(
      QuantizationConfig config,
      String at,
      QuantizationConfig weights,
      Object bits,
      String strategy) {
    if (!Long.valueOf(4).equals(bits) && !Long.valueOf(8).equals(bits)) {
      throw config.fault(at + ".num_bits", "4 or 8", Json.describe(bits));
    }
    FloatFormat element = Long.valueOf(4).equals(bits) ? FloatFormat.E2M1 : FloatFormat.E4M3;
    return switch (strategy) {
      case "tensor" -> new FloatGrid(element, 0, FloatGrid.Scale.F32);
      case "channel" -> new FloatGrid(element, -1, FloatGrid.Scale.F32);
      case "tensor_group" ->
          new FloatGrid(element, groupSize(config, at, weights), FloatGrid.Scale.E4M3);
      case "group" -> {
        int size = groupSize(config, at, weights);
        // Bytes of exponents, which newer files say and older ones have with that size alone.
        boolean exponents =
            size == MX_GROUP || "torch.uint8".equals(weights.values().get("scale_dtype"));
        yield new FloatGrid(element, size, exponents ? FloatGrid.Scale.E8M0 : FloatGrid.Scale.F32);
      }
      case "block" -> {
        Object structure = weights.values().get("block_structure");
        Tiles tiles =
            Tiles.pair(structure)
                .orElseThrow(
                    () ->
                        config.fault(
                            at + ".block_structure", "two sizes", Json.describe(structure)));
        yield new FloatGrid(
            element, tiles.columns(), tiles.rows(), FloatGrid.Scale.F32, Optional.empty());
      }
      default ->
          throw config.fault(
              at + ".strategy", "tensor, channel, group, tensor_group or block", strategy);
    };
  }

  private static int groupSize(QuantizationConfig config, String at, QuantizationConfig weights) {
    Object size = weights.values().get("group_size");
    if (size instanceof Long s && s > 0 && s <= QuantizationConfig.LARGEST_GROUP) {
      return s.intValue();
    }
    throw config.fault(at + ".group_size", "a positive size", Json.describe(size));
  }
}

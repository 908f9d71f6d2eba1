package dev.ashlar.formats.layout;

import dev.ashlar.io.json.Json;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.quant.Unquantized;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/**
 * {@code quant_method: compressed-tensors} with weights of integers (docs/formats.md,
 * compressed-tensors): each of {@code config_groups} gives the layers that its {@code targets}
 * match a scheme and a layout; whole names come before expressions, and these before classes.
 * {@link SmallFloatWeights} reads folders of small floats.
 */
final class CompressedTensorsDeclaration implements Declaration {
  private static final String GROUPS = "config_groups";
  private static final String EXPRESSION = "re:";

  /**
   * What some layers have.
   *
   * @param rank 0 for whole names, 1 for expressions, 2 for classes
   */
  private record Rule(
      int rank, Predicate<String> matches, IntegerGrid scheme, PackedLayout layout) {}

  @Override
  public String method() {
    return "compressed-tensors";
  }

  @Override
  public PackedPlan plan(QuantizationConfig config) {
    if (config.values().get("sparsity_config") instanceof Map<?, ?> sparsity
        && sparsity.get("format") instanceof String format
        && !format.equals("dense")) {
      throw config.fault("sparsity_config.format", "dense", format);
    }
    List<Rule> rules = new ArrayList<>();
    Set<String> named = new LinkedHashSet<>();
    for (String name : config.object(GROUPS).keySet()) {
      QuantizationConfig group = new QuantizationConfig(config.file(), config.object(GROUPS, name));
      if (group.has("weights")) {
        group(config, GROUPS + "." + name, group, rules, named);
      }
    }
    if (rules.isEmpty()) {
      throw config.fault(GROUPS, "a group that has weights", "none");
    }
    List<Predicate<String>> ignored = new ArrayList<>();
    for (String target : config.texts("ignore")) {
      ignored.add(matches(config, "ignore", target));
    }
    return new Plan(rules, ignored, named);
  }

  private static void group(
      QuantizationConfig config,
      String key,
      QuantizationConfig group,
      List<Rule> rules,
      Set<String> named) {
    SmallFloatInputs inputs = SmallFloatInputs.ofGroup(group.values());
    if (inputs.declared() && inputs.scheme().isEmpty()) {
      throw config.fault(
          key + ".input_activations",
          "rounding by tokens or groups, or symmetric by one fixed scale",
          String.valueOf(group.values().get("input_activations")));
    }
    IntegerGrid scheme = scheme(config, key, group).withActivations(inputs.scheme());
    String format = group.text("format").or(() -> config.text("format")).orElse("pack-quantized");
    PackedLayout layout =
        switch (format) {
          case "pack-quantized" -> Layouts.PACK_QUANTIZED;
          case "int-quantized", "naive-quantized" -> Layouts.INT_QUANTIZED;
          default ->
              throw config.fault(
                  key + ".format", "pack-quantized, int-quantized or naive-quantized", format);
        };
    for (String target : group.texts("targets")) {
      boolean expression = target.startsWith(EXPRESSION);
      boolean module = target.indexOf('.') >= 0 || target.equals("lm_head");
      int rank = module && !expression ? 0 : expression ? 1 : 2;
      if (rank == 0) {
        named.add(target);
      }
      Predicate<String> matches =
          rank == 2 ? any -> true : matches(config, key + ".targets", target);
      rules.add(new Rule(rank, matches, scheme, layout));
    }
  }

  private static Predicate<String> matches(QuantizationConfig config, String key, String target) {
    return target.startsWith(EXPRESSION)
        ? new NamePattern(config, key, target.substring(EXPRESSION.length()))::matchesStart
        : target::equals;
  }

  private static IntegerGrid scheme(
      QuantizationConfig config, String key, QuantizationConfig group) {
    QuantizationConfig weights = new QuantizationConfig(config.file(), group.object("weights"));
    String type = weights.text("type").orElse("int");
    if (!type.equals("int")) {
      throw config.fault(key + ".weights.type", "int beside other groups of integers", type);
    }
    Object bits = weights.values().getOrDefault("num_bits", 8L);
    if (!(bits instanceof Long width) || width < 2 || width > 8) {
      throw config.fault(key + ".weights.num_bits", "2 to 8", Json.describe(bits));
    }
    String strategy =
        weights.text("strategy").orElse(weights.has("group_size") ? "group" : "channel");
    int size =
        switch (strategy) {
          case "tensor", "channel" -> -1;
          case "group" -> groupSize(config, key, weights.values().get("group_size"));
          default ->
              throw config.fault(key + ".weights.strategy", "tensor, channel or group", strategy);
        };
    return new IntegerGrid(width.intValue(), size, weights.flag("symmetric").orElse(true));
  }

  private static int groupSize(QuantizationConfig config, String key, Object size) {
    if (size instanceof Long s && s > 0 && s <= QuantizationConfig.LARGEST_GROUP) {
      return s.intValue();
    }
    throw config.fault(key + ".weights.group_size", "a positive size", Json.describe(size));
  }

  /** Rules by rank, and what no rule is for. */
  private record Plan(List<Rule> rules, List<Predicate<String>> ignored, Set<String> named)
      implements PackedPlan {
    /** The rule of a module; the first group's where none matches, to read what is packed. */
    private Rule rule(String module) {
      for (int rank = 0; rank <= 2; rank++) {
        for (Rule rule : rules) {
          if (rule.rank() == rank && rule.matches().test(module)) {
            return rule;
          }
        }
      }
      return rules.getFirst();
    }

    @Override
    public List<PackedLayout> layouts() {
      return rules.stream().map(Rule::layout).distinct().toList();
    }

    @Override
    public PackedLayout layout(String module) {
      return rule(module).layout();
    }

    @Override
    public QuantScheme scheme(String module) {
      Rule rule = rule(module);
      boolean matched = rule.matches().test(module);
      boolean left = !matched || ignored.stream().anyMatch(i -> i.test(module));
      return left ? new Unquantized() : rule.scheme();
    }

    @Override
    public QuantScheme baseScheme() {
      return rules.getFirst().scheme();
    }
  }
}

package dev.ashlar.formats.layout;

import dev.ashlar.formats.checkpoint.StoredTensors;
import dev.ashlar.tensor.quant.FloatGrid;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.quant.Unquantized;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/**
 * What compressed-tensors' {@code config_groups} say of each layer: whole names come before
 * expressions, and these before classes. Where the tensors show another layout than the group that
 * speaks of a layer, the group counts that fits them best.
 */
final class CompressedGroups implements PackedPlan {
  private static final String EXPRESSION = "re:";

  /** What the layers of one group have. */
  record Group(QuantScheme scheme, PackedLayout layout) {
    boolean isOfKind(PackedLayout stored) {
      return scheme instanceof FloatGrid == CompressedLayouts.hasFloats(stored);
    }

    boolean saysByFormat(PackedLayout stored) {
      return CompressedLayouts.alike(layout, stored);
    }

    boolean saysByScheme(PackedLayout stored) {
      return CompressedLayouts.alike(CompressedLayouts.of(scheme), stored);
    }
  }

  private record Expression(Predicate<String> matches, Group group) {}

  private final List<Group> groups = new ArrayList<>();
  private final Map<String, Group> names = new LinkedHashMap<>();
  private final List<Expression> expressions = new ArrayList<>();
  private final List<Group> classes = new ArrayList<>();
  private final Set<String> ignored = new LinkedHashSet<>();
  private final List<Predicate<String>> ignoredToo = new ArrayList<>();

  /** Adds a group after those that are there; the first that speaks of a layer counts. */
  void add(QuantizationConfig config, String key, List<String> targets, Group group) {
    groups.add(group);
    for (String target : targets) {
      if (target.startsWith(EXPRESSION)) {
        expressions.add(new Expression(expression(config, key, target), group));
      } else if (target.indexOf('.') >= 0 || target.equals("lm_head")) {
        names.putIfAbsent(target, group);
      } else {
        classes.add(group);
      }
    }
  }

  /** Leaves layers float. */
  void ignore(QuantizationConfig config, String key, List<String> targets) {
    for (String target : targets) {
      if (target.startsWith(EXPRESSION)) {
        ignoredToo.add(expression(config, key, target));
      } else {
        ignored.add(target);
      }
    }
  }

  private static Predicate<String> expression(
      QuantizationConfig config, String key, String target) {
    return new NamePattern(config, key, target.substring(EXPRESSION.length()))::matchesStart;
  }

  boolean isEmpty() {
    return names.isEmpty() && expressions.isEmpty() && classes.isEmpty();
  }

  /** The groups that speak of a module, those that count most first. */
  private List<Group> speaking(String module) {
    List<Group> speaking = new ArrayList<>();
    Optional.ofNullable(names.get(module)).ifPresent(speaking::add);
    expressions.stream()
        .filter(e -> e.matches().test(module))
        .map(Expression::group)
        .forEach(speaking::add);
    speaking.addAll(classes);
    return speaking;
  }

  private static Optional<Group> first(List<Group> groups, Predicate<Group> wanted) {
    return groups.stream().filter(wanted).findFirst();
  }

  @Override
  public List<PackedLayout> layouts() {
    return List.of(Layouts.PACK_QUANTIZED, Layouts.INT_QUANTIZED);
  }

  /** Where no group speaks of the module, that of the first one. */
  @Override
  public PackedLayout layout(String module) {
    return speaking(module).stream().findFirst().orElse(groups.getFirst()).layout();
  }

  @Override
  public PackedLayout layout(String module, StoredTensors tensors) {
    return CompressedLayouts.stored(tensors, module).orElse(layout(module));
  }

  @Override
  public QuantScheme scheme(String module) {
    boolean left = ignored.contains(module) || ignoredToo.stream().anyMatch(i -> i.test(module));
    return left
        ? new Unquantized()
        : speaking(module).stream().findFirst().map(Group::scheme).orElse(new Unquantized());
  }

  /**
   * The scheme of a group that speaks of the module and says that layout, by its format or, where
   * that is wrong, by its scheme; else of one that says the layout in both ways of other modules;
   * else of one with numbers of that kind.
   */
  @Override
  public QuantScheme scheme(String module, PackedLayout stored) {
    List<Group> speaking = speaking(module);
    return first(speaking, g -> g.isOfKind(stored) && g.saysByFormat(stored))
        .or(() -> first(speaking, g -> g.saysByScheme(stored)))
        .or(() -> first(groups, g -> g.saysByFormat(stored) && g.saysByScheme(stored)))
        .or(() -> first(speaking, g -> g.isOfKind(stored)))
        .or(() -> first(groups, g -> g.isOfKind(stored)))
        .map(Group::scheme)
        .orElse(new Unquantized());
  }

  @Override
  public QuantScheme baseScheme() {
    return groups.getFirst().scheme();
  }

  @Override
  public Set<String> named() {
    return names.keySet();
  }
}

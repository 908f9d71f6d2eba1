package dev.ashlar.tuning.plan;

import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.quant.Unquantized;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A default scheme and what departs from it.
 *
 * <p>A layer's scheme is that of the rule with exactly its name, else of the first rule whose
 * regular expression matches its whole name, else its own, else the default; a rule that matches no
 * whole name of a model ({@link #forLayers}) speaks of the names that it matches a part of. A layer
 * named by {@code ignored} stays float unless a rule names it exactly, and so does one that routes
 * tokens to experts.
 */
public final class QuantizationPlan {
  /**
   * What became of one layer.
   *
   * @param scheme the layer's scheme; float if it is left alone
   * @param reason why it is left float, empty if it is quantized
   */
  public record Decision(QuantScheme scheme, String reason) {
    /** Whether the layer is quantized. */
    public boolean quantized() {
      return reason.isEmpty();
    }
  }

  private final QuantScheme fallback;
  private final Map<String, QuantScheme> own;
  private final List<LayerRule> rules;
  private final List<String> ignored;
  private final boolean head;
  private final int blocks;

  private QuantizationPlan(
      QuantScheme fallback,
      Map<String, QuantScheme> own,
      List<LayerRule> rules,
      List<String> ignored,
      boolean head,
      int blocks) {
    this.fallback = fallback;
    this.own = Collections.unmodifiableMap(new LinkedHashMap<>(own));
    this.rules = List.copyOf(rules);
    this.ignored = ignored.stream().filter(part -> !part.isBlank()).toList();
    this.head = head;
    this.blocks = blocks;
  }

  /** Every layer of every block with the same scheme, the output head left float. */
  public static QuantizationPlan uniform(QuantScheme scheme) {
    return new QuantizationPlan(scheme, Map.of(), List.of(), List.of(), false, Integer.MAX_VALUE);
  }

  /**
   * This plan with schemes of single layers in place of the default. They decide no more than the
   * default does: which layers are quantized at all, and what rules say, stays as it is.
   *
   * @param schemes by complete module name; those of layers that a model does not have do nothing
   */
  public QuantizationPlan withSchemes(Map<String, QuantScheme> schemes) {
    return new QuantizationPlan(fallback, schemes, rules, ignored, head, blocks);
  }

  /**
   * This plan with rules by layer name, tried in the map's order.
   *
   * @param rules layer names, regular expressions, or parts of names
   * @throws IllegalArgumentException if a rule is neither a name nor a regular expression
   */
  public QuantizationPlan withRules(Map<String, SchemeOverride> rules) {
    List<LayerRule> all = new ArrayList<>();
    rules.forEach((text, override) -> all.add(LayerRule.of(text, override)));
    return new QuantizationPlan(fallback, own, all, ignored, head, blocks);
  }

  /**
   * This plan with layers left float whose names contain one of {@code parts}; a part that ends in
   * a digit matches as if a dot followed, so that {@code layers.1} is not {@code layers.10}.
   */
  public QuantizationPlan withIgnored(List<String> parts) {
    return new QuantizationPlan(fallback, own, rules, parts, head, blocks);
  }

  /** This plan with the output head quantized too. */
  public QuantizationPlan withHead(boolean quantized) {
    return new QuantizationPlan(fallback, own, rules, ignored, quantized, blocks);
  }

  /**
   * This plan with blocks from number {@code count} on left float (QuantEase's {@code
   * --num-layers-to-quantize}).
   *
   * @throws IllegalArgumentException if no block would be left
   */
  public QuantizationPlan withFirstBlocks(int count) {
    if (count < 1) {
      throw new IllegalArgumentException("at least one block must be quantized: " + count);
    }
    return new QuantizationPlan(fallback, own, rules, ignored, head, count);
  }

  /** Whether blocks behind the first ones stay float. */
  public boolean namesFirstBlocks() {
    return blocks != Integer.MAX_VALUE;
  }

  /** The scheme of layers that nothing else names. */
  public QuantScheme defaultScheme() {
    return fallback;
  }

  /** Whether calibration data may have to say what inputs of layers reach. */
  public boolean needsInputRanges() {
    return fallback.needsInputRange()
        || rules.stream().anyMatch(rule -> rule.override().over(fallback).needsInputRange());
  }

  /** The rules, in the order in which they are tried. */
  public Map<String, SchemeOverride> rules() {
    Map<String, SchemeOverride> all = new LinkedHashMap<>();
    rules.forEach(rule -> all.put(rule.text(), rule.override()));
    return Collections.unmodifiableMap(all);
  }

  /** The scheme of a layer in a block. */
  public Decision decide(LayerShape layer) {
    boolean exact = rules.stream().anyMatch(rule -> rule.names(layer.name()));
    if (!exact && isIgnored(layer.name())) {
      return left("it is on the list of ignored layers");
    }
    if (!exact && layer.routes()) {
      return left("it chooses between experts");
    }
    return sized(layer, ruled(layer.name()));
  }

  /**
   * The scheme of a layer in a block.
   *
   * @param block the block's number, from 0
   */
  public Decision decide(LayerShape layer, int block) {
    return block < blocks ? decide(layer) : left("its block is not among the first " + blocks);
  }

  /**
   * The scheme of the output head, which is quantized only on request: by {@link #withHead} or by a
   * rule that matches its name.
   *
   * @param tied whether it shares its matrix with the embedding, which rules it out
   */
  public Decision decideHead(LayerShape layer, boolean tied) {
    if (!head && matching(layer.name()) == null) {
      return left("the output head is quantized on request only");
    }
    boolean exact = rules.stream().anyMatch(rule -> rule.names(layer.name()));
    if (!exact && isIgnored(layer.name())) {
      return left("it is on the list of ignored layers");
    }
    QuantScheme scheme = ruled(layer.name());
    if (tied && !scheme.isFloat()) {
      return left("the output head shares its matrix with the embedding");
    }
    return sized(layer, scheme);
  }

  /** Whether the output head was asked for, by {@link #withHead} or by a rule. */
  public boolean asksForHead(String name) {
    return head || hasRule(name);
  }

  /** Whether a rule speaks of a layer. */
  public boolean hasRule(String name) {
    return matching(name) != null;
  }

  private boolean isIgnored(String name) {
    return ignored.stream().anyMatch(part -> LayerRule.contains(name, part));
  }

  /** The rule that decides on a layer; null if none does. */
  private LayerRule matching(String name) {
    LayerRule first = null;
    for (LayerRule rule : rules) {
      if (rule.names(name)) {
        return rule;
      }
      first = first == null && rule.matches(name) ? rule : first;
    }
    return first;
  }

  private QuantScheme ruled(String name) {
    LayerRule rule = matching(name);
    return rule == null ? own.getOrDefault(name, fallback) : rule.override().over(fallback);
  }

  private Decision sized(LayerShape layer, QuantScheme scheme) {
    if (scheme.isFloat()) {
      return left("its rule says " + QuantScheme.FLOAT_BITS + " bits");
    }
    if (!QuantScheme.quantizable(layer.out(), layer.in())) {
      return left(
          "its size [" + layer.out() + ", " + layer.in() + "] is not a multiple of 32 both ways");
    }
    return new Decision(scheme, "");
  }

  private Decision left(String reason) {
    return new Decision(new Unquantized(), reason);
  }

  /**
   * This plan for a model's layers: rules that match none of the names whole speak of those that
   * they match a part of.
   *
   * @param names of all layers, the output head among them
   * @throws IllegalArgumentException if a rule matches no layer, or only such as others decide on:
   *     a misspelt rule would otherwise be silent
   */
  public QuantizationPlan forLayers(Collection<String> names) {
    List<LayerRule> reaching = rules.stream().map(rule -> rule.reaching(names)).toList();
    QuantizationPlan plan = new QuantizationPlan(fallback, own, reaching, ignored, head, blocks);
    Set<LayerRule> deciding = new HashSet<>();
    for (String name : names) {
      LayerRule rule = plan.matching(name);
      if (rule != null && (rule.names(name) || !isIgnored(name))) {
        deciding.add(rule);
      }
    }
    List<LayerRule> idle = reaching.stream().filter(rule -> !deciding.contains(rule)).toList();
    List<LayerRule> lost = idle.stream().filter(r -> names.stream().noneMatch(r::matches)).toList();
    if (!lost.isEmpty()) {
      throw new IllegalArgumentException(
          "layer rules match no layer: " + texts(lost) + like(names));
    }
    if (!idle.isEmpty()) {
      throw new IllegalArgumentException(
          "layer rules have no effect: "
              + texts(idle)
              + " (every layer that they match is ignored or decided on by a rule before them, or by"
              + " one of its own)");
    }
    return plan;
  }

  /** Parts of names that were to be ignored and are in none of {@code names}. */
  public List<String> idleParts(Collection<String> names) {
    return ignored.stream()
        .filter(part -> names.stream().noneMatch(name -> LayerRule.contains(name, part)))
        .toList();
  }

  private static String texts(List<LayerRule> rules) {
    return String.join(", ", rules.stream().map(LayerRule::text).toList());
  }

  /** What layer names look like, in brackets. */
  private static String like(Collection<String> names) {
    return " (layer names look like " + names.stream().findFirst().orElse("none") + ")";
  }

  /** One line that says all of the plan; equal plans give equal lines. */
  public String describe() {
    StringBuilder text = new StringBuilder();
    text.append(whole(fallback));
    own.forEach(
        (name, scheme) -> text.append("; ").append(name).append(": ").append(whole(scheme)));
    for (LayerRule rule : rules) {
      text.append("; ").append(rule.text()).append(" = ").append(describe(rule.override()));
    }
    if (!ignored.isEmpty()) {
      text.append("; ignored ").append(String.join(",", ignored));
    }
    if (blocks < Integer.MAX_VALUE) {
      text.append("; first ").append(blocks).append(" blocks");
    }
    return text.append(head ? "; with head" : "").toString();
  }

  private static String whole(QuantScheme scheme) {
    return scheme instanceof IntegerGrid grid ? grid + " scales " + grid.scaleType() : "" + scheme;
  }

  private String describe(SchemeOverride rule) {
    QuantScheme s = rule.over(fallback);
    boolean scales =
        s instanceof IntegerGrid g
            && fallback instanceof IntegerGrid f
            && g.scaleType() != f.scaleType();
    return scales ? s + " scales " + ((IntegerGrid) s).scaleType() : s.toString();
  }
}

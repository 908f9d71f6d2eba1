package dev.ashlar.tuning.plan;

import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.quant.Unquantized;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * A default scheme and what departs from it.
 *
 * <p>A layer's scheme is that of the rule with exactly its name, else of the first rule whose
 * regular expression matches its whole name, else the default. A layer named by {@code ignored}
 * stays float unless a rule names it exactly, and so does one that routes tokens to experts.
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
  private final Map<String, SchemeOverride> rules;
  private final Map<Pattern, SchemeOverride> patterns;
  private final List<String> ignored;
  private final boolean head;

  private QuantizationPlan(
      QuantScheme fallback, Map<String, SchemeOverride> rules, List<String> ignored, boolean head) {
    this.fallback = fallback;
    this.rules = Collections.unmodifiableMap(new LinkedHashMap<>(rules));
    this.patterns = compiled(rules);
    this.ignored = ignored.stream().map(QuantizationPlan::closed).toList();
    this.head = head;
  }

  /** Every layer of every block with the same scheme, the output head left float. */
  public static QuantizationPlan uniform(QuantScheme scheme) {
    return new QuantizationPlan(scheme, Map.of(), List.of(), false);
  }

  /**
   * This plan with rules by layer name, tried in the map's order.
   *
   * @param rules exact layer names or regular expressions
   * @throws IllegalArgumentException if a rule is neither a name nor a regular expression
   */
  public QuantizationPlan withRules(Map<String, SchemeOverride> rules) {
    return new QuantizationPlan(fallback, rules, ignored, head);
  }

  /**
   * This plan with layers left float whose names contain one of {@code parts}; a part that ends in
   * a digit matches as if a dot followed, so that {@code layers.1} is not {@code layers.10}.
   */
  public QuantizationPlan withIgnored(List<String> parts) {
    return new QuantizationPlan(fallback, rules, parts, head);
  }

  /** This plan with the output head quantized too. */
  public QuantizationPlan withHead(boolean quantized) {
    return new QuantizationPlan(fallback, rules, ignored, quantized);
  }

  private static Map<Pattern, SchemeOverride> compiled(Map<String, SchemeOverride> rules) {
    Map<Pattern, SchemeOverride> compiled = new LinkedHashMap<>();
    rules.forEach(
        (rule, scheme) -> {
          try {
            compiled.put(Pattern.compile(rule), scheme);
          } catch (PatternSyntaxException e) {
            throw new IllegalArgumentException(
                "layer rule '"
                    + rule
                    + "' is neither a layer name nor a regular expression: "
                    + e.getDescription(),
                e);
          }
        });
    return compiled;
  }

  private static String closed(String part) {
    boolean digit = !part.isEmpty() && Character.isDigit(part.charAt(part.length() - 1));
    return digit ? part + "." : part;
  }

  /** The scheme of layers that nothing else names. */
  public QuantScheme defaultScheme() {
    return fallback;
  }

  /** The rules, in the order in which they are tried. */
  public Map<String, SchemeOverride> rules() {
    return rules;
  }

  /** The scheme of a layer in a block. */
  public Decision decide(LayerShape layer) {
    SchemeOverride exact = rules.get(layer.name());
    if (exact == null && ignored.stream().anyMatch((layer.name() + ".")::contains)) {
      return left("it is on the list of ignored layers");
    }
    if (exact == null && layer.routes()) {
      return left("it chooses between experts");
    }
    return sized(layer, ruled(layer.name(), exact));
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
    QuantScheme scheme = ruled(layer.name(), rules.get(layer.name()));
    if (tied && !scheme.isFloat()) {
      return left("the output head shares its matrix with the embedding");
    }
    return sized(layer, scheme);
  }

  /** Whether the output head was asked for, by {@link #withHead} or by a rule. */
  public boolean asksForHead(String name) {
    return head || matching(name) != null;
  }

  private SchemeOverride matching(String name) {
    SchemeOverride exact = rules.get(name);
    if (exact != null) {
      return exact;
    }
    for (Map.Entry<Pattern, SchemeOverride> e : patterns.entrySet()) {
      if (e.getKey().matcher(name).matches()) {
        return e.getValue();
      }
    }
    return null;
  }

  private QuantScheme ruled(String name, SchemeOverride exact) {
    SchemeOverride rule = exact == null ? matching(name) : exact;
    return rule == null ? fallback : rule.over(fallback);
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
   * Refuses rules that match none of {@code names}: a misspelt rule would otherwise be silent.
   *
   * @throws IllegalArgumentException naming those rules and a name that there is
   */
  public void requireRulesMatch(Collection<String> names) {
    List<String> idle = new ArrayList<>();
    patterns
        .keySet()
        .forEach(
            p -> {
              boolean used =
                  names.stream().anyMatch(n -> n.equals(p.pattern()) || p.matcher(n).matches());
              if (!used) {
                idle.add(p.pattern());
              }
            });
    if (!idle.isEmpty()) {
      String example = names.stream().findFirst().orElse("none");
      throw new IllegalArgumentException(
          "layer rules match no layer: "
              + String.join(", ", idle)
              + " (layer names look like "
              + example
              + ")");
    }
  }

  /** One line that says all of the plan; equal plans give equal lines. */
  public String describe() {
    StringBuilder text = new StringBuilder();
    text.append(fallback);
    if (fallback instanceof IntegerGrid grid) {
      text.append(" scales ").append(grid.scaleType());
    }
    rules.forEach((rule, s) -> text.append("; ").append(rule).append(" = ").append(describe(s)));
    if (!ignored.isEmpty()) {
      text.append("; ignored ").append(String.join(",", ignored));
    }
    return text.append(head ? "; with head" : "").toString();
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

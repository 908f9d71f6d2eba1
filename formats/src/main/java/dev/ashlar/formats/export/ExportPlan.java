package dev.ashlar.formats.export;

import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantScheme;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * What is going to be quantized and how, known before tuning begins.
 *
 * @param base the scheme that the configuration states once
 * @param linears the scheme of every linear map in the blocks, and of {@code lm_head} if it is to
 *     be quantized; those that stay float are unquantized
 * @param settings how codes are chosen ({@code iters}, {@code nsamples}…), recorded where a format
 *     has room; plain JSON values
 * @param transposed linear maps that float files hold as {@code [in, out]} (GPT-2's Conv1D)
 * @param corrections keys of the source's configuration that its tensors contradict, with what is
 *     true
 */
public record ExportPlan(
    QuantScheme base,
    Map<String, QuantScheme> linears,
    Map<String, Object> settings,
    Set<String> transposed,
    Map<String, Object> corrections) {
  private static final String WEIGHT = ".weight";

  public ExportPlan {
    transposed = Set.copyOf(transposed);
    corrections = Collections.unmodifiableMap(new LinkedHashMap<>(corrections));
    linears = Collections.unmodifiableMap(new LinkedHashMap<>(linears));
    settings = Collections.unmodifiableMap(new LinkedHashMap<>(settings));
  }

  /**
   * The base scheme as the integer grid of weights that formats know.
   *
   * @throws IllegalArgumentException if it is none
   */
  public IntegerGrid grid() {
    return base.integerWeights("this format");
  }

  /** Whether groups are of columns that do not lie side by side, by what is recorded of the run. */
  boolean reorders() {
    return isSet("act_order") && !isSet("static_groups");
  }

  private boolean isSet(String key) {
    return "true".equals(String.valueOf(settings.get(key)));
  }

  /** Whether the tensor of that name is a matrix that float files hold as {@code [in, out]}. */
  boolean turns(String name) {
    return name.endsWith(WEIGHT)
        && transposed.contains(name.substring(0, name.length() - WEIGHT.length()));
  }

  /** The same for modules of other names. */
  public ExportPlan renamed(UnaryOperator<String> names) {
    Map<String, QuantScheme> renamed = new LinkedHashMap<>();
    linears.forEach((module, scheme) -> renamed.put(names.apply(module), scheme));
    Set<String> turned = new HashSet<>();
    transposed.forEach(module -> turned.add(names.apply(module)));
    return new ExportPlan(base, renamed, settings, turned, corrections);
  }

  /** A plan in which all matrices lie as {@code [out, in]}. */
  public ExportPlan(
      QuantScheme base, Map<String, QuantScheme> linears, Map<String, Object> settings) {
    this(base, linears, settings, Set.of(), Map.of());
  }

  /** A plan without recorded settings. */
  public ExportPlan(QuantScheme base, Map<String, QuantScheme> linears) {
    this(base, linears, Map.of());
  }
}

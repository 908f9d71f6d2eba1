package dev.ashlar.tuning.layerwise;

import dev.ashlar.tuning.layerwise.solver.GptqOptions;
import dev.ashlar.tuning.method.Method.Option;
import dev.ashlar.tuning.method.Method.Spelling;
import dev.ashlar.tuning.method.MethodOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Options that layer-wise methods have in common, under the names of GPTQModel and QuantEase. */
final class SolverOptions {
  static final String TRUE = "true";
  static final String FALSE = "false";
  static final String NUM_ITER = "num_iter";
  static final int ITERATIONS = 30;

  private static final String ACT_ORDER = "act_order";
  private static final String GROUP_AWARE = "act_group_aware";
  private static final String STATIC_GROUPS = "static_groups";
  private static final String DAMP = "damp_percent";
  private static final String INCREMENT = "damp_auto_increment";
  private static final String MSE = "mse";
  private static final String FRESH = "fresh_groups";
  private static final String SEQUENTIAL = "true_sequential";
  private static final String ERRORS = "compute_quantization_recon_error";
  private static final double DEFAULT_DAMP = 0.05;
  private static final double DEFAULT_INCREMENT = 0.01;

  private SolverOptions() {}

  /** Order and groups. */
  static List<Option> order() {
    return all(
        actOrder(),
        List.of(
            new Option(
                STATIC_GROUPS,
                FALSE,
                "Groups are consecutive columns of the original weights in any order.",
                new Spelling.Switch("static-groups", TRUE))));
  }

  /** Order alone. */
  static List<Option> actOrder() {
    return List.of(
        new Option(
            ACT_ORDER,
            FALSE,
            "Take columns by the size of their inputs (desc_act); groups are cut from that order.",
            new Spelling.Switch("act-order", TRUE)));
  }

  /** What is GPTQ's alone. */
  static List<Option> gptq() {
    return List.of(
        new Option(
            GROUP_AWARE,
            TRUE,
            "Take columns as they lie, not by the size of their inputs within groups.",
            new Spelling.Switch("no-act-group-aware", FALSE)),
        new Option(
            DAMP,
            "0.05",
            "Share of the mean diagonal that is added to the diagonal.",
            new Spelling.Named("X")),
        new Option(INCREMENT, "0.01", "by how much that share grows while factoring fails"),
        new Option(FRESH, FALSE, "grids of groups take account of all columns before them"));
  }

  /** The range search, how data pass through a block, and what is reported. */
  static List<Option> common(boolean sequential) {
    return all(
        List.of(
            new Option(
                MSE,
                "0",
                "Search each group's range by the errors to this power; 0 for none, GPTQ's is 2.4.",
                new Spelling.Named("X"))),
        passes(sequential));
  }

  /** How data pass through a block, and what is reported. */
  static List<Option> passes(boolean sequential) {
    return List.of(
        new Option(
            SEQUENTIAL,
            Boolean.toString(sequential),
            "Solve a block's maps in turn, each seeing the earlier ones quantized (gptq always does,"
                + " unless told --method-option true_sequential=false).",
            new Spelling.Switch("true-sequential", TRUE)),
        new Option(
            ERRORS,
            FALSE,
            "Report the relative error of each map's output.",
            new Spelling.Switch("compute-quantization-recon-error", TRUE)));
  }

  /** The number of sweeps. */
  static List<Option> sweeps() {
    return List.of(new Option(NUM_ITER, "30", "Sweeps over all columns.", new Spelling.Named("N")));
  }

  static boolean actOrder(MethodOptions o) {
    return o.flag(ACT_ORDER, false);
  }

  static boolean staticGroups(MethodOptions o) {
    return o.flag(STATIC_GROUPS, false);
  }

  /**
   * @throws IllegalArgumentException if the number of sweeps is not positive
   */
  static int iterations(MethodOptions o) {
    int n = o.integer(NUM_ITER, ITERATIONS);
    if (n < 1) {
      throw new IllegalArgumentException(NUM_ITER + " must be at least 1: " + n);
    }
    return n;
  }

  /**
   * @throws IllegalArgumentException if it is negative
   */
  static double mse(MethodOptions o) {
    double norm = o.real(MSE, 0);
    if (norm < 0) {
      throw new IllegalArgumentException(MSE + " must not be negative: " + norm);
    }
    return norm;
  }

  /**
   * @throws IllegalArgumentException if damping is out of range
   */
  static GptqOptions chosen(MethodOptions o) {
    GptqOptions.Order order =
        actOrder(o)
            ? GptqOptions.Order.ACTIVATION
            : o.flag(GROUP_AWARE, true) ? GptqOptions.Order.GROUP_AWARE : GptqOptions.Order.NATURAL;
    return new GptqOptions(
        o.real(DAMP, DEFAULT_DAMP),
        o.real(INCREMENT, DEFAULT_INCREMENT),
        order,
        staticGroups(o),
        o.flag(FRESH, false));
  }

  /**
   * A record with what files of the GPTQ family say of every run under names of their own, whether
   * it was set or not: how maps of a block follow each other, and the damping if there is one.
   *
   * @param record of what was set; changed
   * @param options of the method
   */
  static Map<String, Object> recorded(
      Map<String, Object> record, List<Option> options, MethodOptions o) {
    for (Option option : options) {
      if (option.name().equals(SEQUENTIAL)) {
        record.put(SEQUENTIAL, o.flag(SEQUENTIAL, Boolean.parseBoolean(option.fallback())));
      } else if (option.name().equals(DAMP)) {
        record.put(DAMP, o.real(DAMP, Double.parseDouble(option.fallback())));
      }
    }
    return record;
  }

  /** What does nothing beside the rest. */
  static List<String> idle(MethodOptions o) {
    List<String> idle = new ArrayList<>();
    if (o.has(GROUP_AWARE) && actOrder(o)) {
      idle.add(GROUP_AWARE + " has no effect beside " + ACT_ORDER);
    }
    if (o.flag(FRESH, false) && staticGroups(o)) {
      idle.add(FRESH + " has no effect beside " + STATIC_GROUPS);
    }
    return idle;
  }

  /** A method of the solver, its data passing as the options say. */
  static Layerwise method(
      String name, MomentSolver solver, boolean sequential, List<Option> all, MethodOptions o) {
    MomentQuantizer quantizer =
        new MomentQuantizer(solver, o.flag(SEQUENTIAL, sequential), o.flag(ERRORS, false));
    return new Layerwise(quantizer, describe(name, all, o));
  }

  /** The method's name, and all options that decide what codes come out. */
  private static String describe(String name, List<Option> all, MethodOptions o) {
    Map<String, String> values = new TreeMap<>();
    all.forEach(option -> values.put(option.name(), option.fallback()));
    o.values().forEach((option, value) -> values.put(option, value.strip()));
    values.remove(ERRORS);
    StringBuilder text = new StringBuilder(name);
    values.forEach((option, value) -> text.append(", ").append(option).append('=').append(value));
    return text.toString();
  }

  /** Lists one behind the other. */
  @SafeVarargs
  static List<Option> all(List<Option>... lists) {
    List<Option> all = new ArrayList<>();
    for (List<Option> list : lists) {
      all.addAll(list);
    }
    return List.copyOf(all);
  }
}

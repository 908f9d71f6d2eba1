package dev.ashlar.tuning.method;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A way to choose codes, as users see it: one file knows all of it. Command lines, their help,
 * recipes, exports and reports are written from what a method says here, and compare no names.
 *
 * <p>A method of another module is found if that module provides this interface as a service
 * ({@code provides dev.ashlar.tuning.method.Method with …}, or a file in {@code META-INF/services}
 * on a class path), or is passed as a value.
 */
public interface Method {
  /** The option by which a method that can compute on a device is told its name. */
  String DEVICE = "tuning_backend";

  /**
   * Something that can be set.
   *
   * @param name with underscores, as it is recorded
   * @param fallback what holds if it is not set, as text
   * @param description one line
   * @param spelling how a command line has it
   */
  record Option(String name, String fallback, String description, Spelling spelling) {
    /** An option that a command line knows as a pair of name and value only. */
    public Option(String name, String fallback, String description) {
      this(name, fallback, description, new Spelling.Pair());
    }
  }

  /** How a command line has an option. */
  sealed interface Spelling {
    /**
     * {@code --name VALUE}, with dashes in place of underscores.
     *
     * @param label stands for the value in help
     */
    record Named(String label) implements Spelling {}

    /**
     * {@code --flag}, which sets the option to {@code value}.
     *
     * @param flag without the two dashes
     */
    record Switch(String flag, String value) implements Spelling {}

    /** Among others, in a list of {@code name=value}. */
    record Pair() implements Spelling {}
  }

  /**
   * A method with its options.
   *
   * @param options those that are set
   */
  record Choice(Method method, MethodOptions options) {
    /**
     * @throws IllegalArgumentException if an option is unknown or has a wrong value
     */
    public BlockQuantizer create() {
      return method.create(options);
    }
  }

  /** What a command line calls it. */
  String name();

  /** One line; begins small and has no full stop. */
  String description();

  /** What reports call it. */
  default String label() {
    return name();
  }

  /** What can be set. */
  default List<Option> options() {
    return List.of();
  }

  /** The recipes, with what each sets of this method's options. */
  default List<Effort> efforts() {
    return Effort.STANDARD;
  }

  /** The recipe that is followed if none is asked for beside these options. */
  default String usualRecipe(MethodOptions options) {
    return Effort.DEFAULT;
  }

  /** The effort of that recipe; {@code auto-round-best} is {@code best}. */
  default Optional<Effort> effort(String recipe) {
    String prefix = "auto-round-";
    String bare = recipe.startsWith(prefix) ? recipe.substring(prefix.length()) : recipe;
    return efforts().stream().filter(e -> e.recipe().equals(bare)).findFirst();
  }

  /** The method that these options amount to, with what is left of them: tuning in no steps. */
  default Choice settle(MethodOptions options) {
    return new Choice(this, options);
  }

  /** Options that are set and do nothing beside the others, with the reason, a sentence each. */
  default List<String> idle(MethodOptions options) {
    return List.of();
  }

  /**
   * Makes one from options, all of which {@link #options} names. Called by {@link #create}.
   *
   * @throws IllegalArgumentException if one has a wrong value
   */
  BlockQuantizer quantizer(MethodOptions options);

  /**
   * The method with these options.
   *
   * @throws IllegalArgumentException if an option is unknown or has a wrong value
   */
  default BlockQuantizer create(MethodOptions options) {
    options.requireKnown(name(), options());
    return quantizer(options);
  }

  /** What an export records of a run with these options, as plain JSON values. */
  default Map<String, Object> recorded(MethodOptions options, RunFacts run) {
    Map<String, Object> settings = new LinkedHashMap<>();
    settings.put("iters", 0L);
    if (create(options).needsInputs()) {
      settings.putAll(run.recorded());
    }
    settings.putAll(options.values());
    return settings;
  }
}

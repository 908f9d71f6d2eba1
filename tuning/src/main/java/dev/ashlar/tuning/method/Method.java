package dev.ashlar.tuning.method;

import java.util.List;
import java.util.function.Function;

/**
 * A way to choose codes, as users see it.
 *
 * @param name what a command line calls it
 * @param description one line
 * @param options what can be set
 * @param factory makes one from options
 */
public record Method(
    String name,
    String description,
    List<Option> options,
    Function<MethodOptions, BlockQuantizer> factory) {
  /**
   * Something that can be set.
   *
   * @param name with underscores
   * @param fallback what holds if it is not set, as text
   * @param description one line
   */
  public record Option(String name, String fallback, String description) {}

  public Method {
    options = List.copyOf(options);
  }

  /**
   * The method with these options.
   *
   * @throws IllegalArgumentException if an option is unknown or has a wrong value
   */
  public BlockQuantizer create(MethodOptions chosen) {
    chosen.requireKnown(name, options);
    return factory.apply(chosen);
  }
}

package dev.ashlar.tuning;

import dev.ashlar.tuning.layerwise.RoundToNearest;
import dev.ashlar.tuning.method.Method;
import dev.ashlar.tuning.signround.SignRound;
import java.util.List;

/** All ways to choose codes. A new method is one file and one line here. */
public final class Methods {
  /** One line for each method. */
  public static final List<Method> ALL = List.of(SignRound.METHOD, RoundToNearest.METHOD);

  private Methods() {}

  /**
   * The method of that name.
   *
   * @throws IllegalArgumentException naming the methods that there are
   */
  public static Method named(String name) {
    for (Method m : ALL) {
      if (m.name().equals(name)) {
        return m;
      }
    }
    throw new IllegalArgumentException(
        "unknown method '"
            + name
            + "'; there are "
            + String.join(", ", ALL.stream().map(Method::name).toList()));
  }
}

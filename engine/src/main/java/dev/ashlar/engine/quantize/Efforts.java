package dev.ashlar.engine.quantize;

import dev.ashlar.tuning.method.Effort;
import dev.ashlar.tuning.method.Method;
import java.util.Optional;

/** How hard a method tries, by the name of a recipe. */
public final class Efforts {
  /** The demo model was trained on texts of so many tokens. */
  private static final int DEMO_TOKENS = 128;

  private Efforts() {}

  /**
   * The effort of {@code recipe}, or what is usual.
   *
   * @param demo whether the model is the bundled one
   * @throws IllegalArgumentException if the method has no such recipe, naming those that it has
   */
  public static Effort of(Method method, Optional<String> recipe, boolean demo) {
    String name = recipe.orElse(Effort.DEFAULT);
    Effort effort =
        method
            .effort(name)
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "no recipe '" + name + "'; there are " + names(method)));
    return demo && recipe.isEmpty() ? effort.withLength(DEMO_TOKENS) : effort;
  }

  private static String names(Method method) {
    return String.join(", ", method.efforts().stream().map(Effort::recipe).toList());
  }
}

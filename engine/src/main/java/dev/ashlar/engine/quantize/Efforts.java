package dev.ashlar.engine.quantize;

import dev.ashlar.tuning.Methods;
import dev.ashlar.tuning.method.Effort;
import dev.ashlar.tuning.method.Method;
import dev.ashlar.tuning.method.MethodOptions;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/** How hard a method tries, by the name of a recipe. */
public final class Efforts {
  /** The demo model was trained on texts of so many tokens. */
  private static final int DEMO_TOKENS = 128;

  private Efforts() {}

  /**
   * The effort of {@code recipe}, or what is usual.
   *
   * @param demo whether the model is the bundled one
   * @param given options of the method
   * @throws IllegalArgumentException if the method has no such recipe or option, naming those that
   *     it has and methods that have it
   */
  public static Effort of(
      Method method, Optional<String> recipe, boolean demo, MethodOptions given) {
    requireOptions(method, given);
    String name = recipe.orElse(method.usualRecipe(given));
    Effort effort =
        method
            .effort(name)
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "no recipe '"
                            + name
                            + "'; there are "
                            + names(method)
                            + having(m -> m.effort(name).isPresent())));
    return demo && recipe.isEmpty() ? effort.withLength(DEMO_TOKENS) : effort;
  }

  /** Refuses what only other methods can be told. */
  private static void requireOptions(Method method, MethodOptions given) {
    for (String option : given.values().keySet()) {
      String others = having(m -> has(m, option));
      if (!has(method, option) && !others.isEmpty()) {
        throw new IllegalArgumentException(
            "method " + method.name() + " has no option " + option + others);
      }
    }
  }

  private static boolean has(Method method, String option) {
    return method.options().stream().anyMatch(o -> o.name().equals(option));
  }

  /** The end of a sentence that names methods, or nothing. */
  private static String having(Predicate<Method> condition) {
    List<String> names = Methods.all().stream().filter(condition).map(Method::name).toList();
    return names.isEmpty() ? "" : "; --method " + String.join(" or ", names) + " has it";
  }

  private static String names(Method method) {
    return String.join(", ", method.efforts().stream().map(Effort::recipe).toList());
  }
}

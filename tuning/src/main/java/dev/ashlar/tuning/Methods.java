package dev.ashlar.tuning;

import dev.ashlar.tuning.awq.Awq;
import dev.ashlar.tuning.feedback.Feedback;
import dev.ashlar.tuning.layerwise.GptqMethod;
import dev.ashlar.tuning.layerwise.GptqQuantEaseMethod;
import dev.ashlar.tuning.layerwise.OptRtn;
import dev.ashlar.tuning.layerwise.QuantEaseMethod;
import dev.ashlar.tuning.layerwise.QuantEaseOutlierMethod;
import dev.ashlar.tuning.layerwise.RoundToNearest;
import dev.ashlar.tuning.layerwise.SpqrMethod;
import dev.ashlar.tuning.method.Method;
import dev.ashlar.tuning.signround.SignRound;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;

/** All ways to choose codes. A new method is one file and one line here, or a service. */
public final class Methods {
  /** One line for each method. */
  public static final List<Method> ALL =
      List.of(
          SignRound.METHOD,
          Feedback.METHOD,
          Awq.METHOD,
          OptRtn.METHOD,
          RoundToNearest.METHOD,
          GptqMethod.METHOD,
          QuantEaseMethod.METHOD,
          GptqQuantEaseMethod.METHOD,
          QuantEaseOutlierMethod.METHOD,
          SpqrMethod.METHOD);

  /** The method of those who name none. */
  public static final Method DEFAULT = ALL.getFirst();

  /** What results are compared with: it needs no data and cannot fail. */
  public static final Method BASELINE = RoundToNearest.METHOD;

  private Methods() {}

  /** Those here, and those that other modules provide. */
  public static List<Method> all() {
    List<Method> all = new ArrayList<>(ALL);
    ServiceLoader.load(Method.class).forEach(all::add);
    return all;
  }

  /**
   * The method of that name; of two with one name, that of this list.
   *
   * @throws IllegalArgumentException naming the methods that there are
   */
  public static Method named(String name) {
    List<Method> all = all();
    for (Method m : all) {
      if (m.name().equals(name)) {
        return m;
      }
    }
    throw new IllegalArgumentException(
        "unknown method '"
            + name
            + "'; there are "
            + String.join(", ", all.stream().map(Method::name).toList()));
  }
}

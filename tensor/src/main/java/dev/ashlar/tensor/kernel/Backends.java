package dev.ashlar.tensor.kernel;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;

/**
 * The backends that {@link BackendProvider}s offer, and the choice among them for this process,
 * made once: the one named by the system property {@value #PROPERTY}, else the fastest that runs
 * here. The reason can be read ({@link #reason()}) and is logged.
 *
 * <p>A program that wants another one for a decoder or a tape passes it: {@code
 * Architectures.load(source, Backends.named("reference"))}. Code that was given a tape, a decoder
 * or a backend uses that and never asks here.
 */
public final class Backends {
  /** The system property that names the backend of the process. */
  public static final String PROPERTY = "ashlar.backend";

  /**
   * A backend on the list and what became of it.
   *
   * @param name as {@link Backend#name()}
   * @param availability what its provider says of it
   * @param chosen whether it is the backend of this process
   * @param reason why it is or is not, in one line
   */
  public record Candidate(String name, Availability availability, boolean chosen, String reason) {}

  private static final class Holder {
    static final BackendChoice CHOICE = choose();
    static final Optional<Backend> CHOSEN = CHOICE.chosen().map(BackendProvider::backend);
  }

  private Backends() {}

  /**
   * The backend of this process.
   *
   * @throws IllegalArgumentException if the system property names one that cannot run here
   */
  public static Backend chosen() {
    return Holder.CHOSEN.orElseThrow(() -> new IllegalArgumentException(reason()));
  }

  /** Why it is that one, in one line that begins with its name. */
  public static String reason() {
    return Holder.CHOICE.reason();
  }

  /** Every backend that is offered, fastest first, each with why it is or is not used. */
  public static List<Candidate> candidates() {
    return Holder.CHOICE.candidates();
  }

  /**
   * The backend of that name.
   *
   * @throws IllegalArgumentException if there is none or it cannot run here, with the reason
   */
  public static Backend named(String name) {
    return Holder.CHOICE.named(name);
  }

  /** The naive definition, always there. */
  public static Backend reference() {
    return named("reference");
  }

  /** Every backend that runs here, the reference first: what a kernel test iterates. */
  public static List<Backend> all() {
    return Holder.CHOICE.running();
  }

  private static BackendChoice choose() {
    List<BackendProvider> providers = new ArrayList<>();
    // Its own loader: beside this class lie its providers, whatever thread asks first.
    ServiceLoader.load(BackendProvider.class, BackendProvider.class.getClassLoader())
        .forEach(providers::add);
    BackendChoice choice = new BackendChoice(providers, System.getProperty(PROPERTY, ""));
    System.getLogger("dev.ashlar")
        .log(
            choice.isFallback() ? System.Logger.Level.WARNING : System.Logger.Level.DEBUG,
            choice.reason());
    return choice;
  }
}

package dev.ashlar.tensor.kernel;

import dev.ashlar.tensor.kernel.reference.ReferenceBackend;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;

/**
 * Chooses the backend of this process, once: the one named by the system property {@code
 * ashlar.backend}, else the fastest that runs here. The reason can be read ({@link #reason()}) and
 * is logged.
 */
public final class Backends {
  private static final String VECTOR_MODULE = "jdk.incubator.vector";

  private record Choice(Backend backend, String reason) {}

  private static final class Holder {
    static final Choice CHOICE = choose(System.getProperty("ashlar.backend", ""));
  }

  private Backends() {}

  /** The backend of this process. */
  public static Backend chosen() {
    return Holder.CHOICE.backend();
  }

  /** Why it is that one, in one line. */
  public static String reason() {
    return Holder.CHOICE.reason();
  }

  /** Backends that other modules offer, each with why it is or is not available: one line each. */
  public static List<String> offered() {
    List<String> lines = new ArrayList<>();
    for (BackendProvider p : ServiceLoader.load(BackendProvider.class)) {
      lines.add(p.name() + ": " + p.reason());
    }
    return lines;
  }

  /** The naive definition, always there. */
  public static Backend reference() {
    return ReferenceBackend.INSTANCE;
  }

  /** Every backend that runs here, the reference first: what a kernel test iterates. */
  public static List<Backend> all() {
    List<Backend> all = new ArrayList<>();
    all.add(reference());
    if (vectorModulePresent()) {
      all.add(vector());
    }
    for (BackendProvider p : ServiceLoader.load(BackendProvider.class)) {
      p.create().ifPresent(all::add);
    }
    return all;
  }

  private static boolean vectorModulePresent() {
    return ModuleLayer.boot().findModule(VECTOR_MODULE).isPresent();
  }

  private static Backend vector() {
    return dev.ashlar.tensor.kernel.vector.VectorBackend.INSTANCE;
  }

  private static Choice choose(String asked) {
    Choice choice = asked.isEmpty() ? fastest() : named(asked);
    System.getLogger("dev.ashlar").log(System.Logger.Level.DEBUG, choice.reason());
    return choice;
  }

  private static Choice fastest() {
    String obstacle =
        "the Vector API is not enabled, start java with --add-modules " + VECTOR_MODULE;
    if (vectorModulePresent()) {
      Optional<String> slow = dev.ashlar.tensor.kernel.vector.VectorBackend.obstacle();
      if (slow.isEmpty()) {
        Backend v = vector();
        return new Choice(v, v.name() + ": " + v.description());
      }
      obstacle = slow.get();
    }
    String reason = "reference: " + obstacle;
    System.getLogger("dev.ashlar").log(System.Logger.Level.WARNING, reason);
    return new Choice(reference(), reason);
  }

  private static Choice named(String asked) {
    List<String> known = new ArrayList<>();
    for (Backend b : all()) {
      if (b.name().equals(asked)) {
        return new Choice(b, b.name() + ": " + b.description() + " (ashlar.backend asks for it)");
      }
      known.add(b.name());
    }
    throw new IllegalArgumentException(
        "ashlar.backend="
            + asked
            + " is not available here; available: "
            + String.join(", ", known));
  }
}

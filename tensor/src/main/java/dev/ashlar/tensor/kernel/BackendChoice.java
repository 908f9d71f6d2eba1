package dev.ashlar.tensor.kernel;

import dev.ashlar.tensor.kernel.Availability.Absent;
import dev.ashlar.tensor.kernel.Availability.Ready;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The choice among some providers.
 *
 * @param providers from the lowest priority to the highest
 * @param asked the name that was asked for, or empty
 */
record BackendChoice(List<BackendProvider> providers, String asked) {
  BackendChoice(List<BackendProvider> providers, String asked) {
    List<BackendProvider> sorted = new ArrayList<>(providers);
    sorted.sort(
        Comparator.comparingInt(BackendProvider::priority).thenComparing(BackendProvider::name));
    this.providers = List.copyOf(sorted);
    this.asked = asked;
  }

  /** The provider that is chosen; empty if the one that was asked for cannot run here. */
  Optional<BackendProvider> chosen() {
    if (!asked.isEmpty()) {
      return find(asked).filter(p -> !(p.availability() instanceof Absent));
    }
    return providers.reversed().stream().filter(p -> p.availability() instanceof Ready).findFirst();
  }

  /**
   * The backend of that name, chosen or not.
   *
   * @throws IllegalArgumentException if it cannot run here, with the reason
   */
  Backend named(String name) {
    return find(name)
        .filter(p -> !(p.availability() instanceof Absent))
        .orElseThrow(() -> refusal("backend " + name, name))
        .backend();
  }

  /** Every backend that can run here, lowest priority first. */
  List<Backend> running() {
    return providers.stream()
        .filter(p -> !(p.availability() instanceof Absent))
        .map(BackendProvider::backend)
        .toList();
  }

  /** Why the chosen one is chosen, after its name; or why the one asked for cannot be. */
  String reason() {
    return chosen()
        .map(p -> p.name() + ": " + why(p))
        .orElseGet(() -> refusal(Backends.PROPERTY + "=" + asked, asked).getMessage());
  }

  /** Whether nothing but the slowest was left, though nobody asked for it. */
  boolean isFallback() {
    return asked.isEmpty() && chosen().filter(p -> p == providers.getFirst()).isPresent();
  }

  private String why(BackendProvider p) {
    if (!asked.isEmpty()) {
      return p.availability().reason() + " (" + Backends.PROPERTY + " asks for it)";
    }
    // What would have been next says what a user can do about it.
    int above = providers.indexOf(p) + 1;
    return isFallback() && above < providers.size()
        ? providers.get(above).availability().reason()
        : p.availability().reason();
  }

  /** Every provider with what became of it, highest priority first. */
  List<Backends.Candidate> candidates() {
    Optional<BackendProvider> chosen = chosen();
    return providers.reversed().stream()
        .map(p -> candidate(p, chosen.filter(c -> c == p).isPresent(), chosen))
        .toList();
  }

  private Backends.Candidate candidate(
      BackendProvider p, boolean isChosen, Optional<BackendProvider> chosen) {
    Availability a = p.availability();
    String reason = a.reason();
    if (isChosen) {
      reason = why(p);
    } else if (a instanceof Ready) {
      reason =
          asked.isEmpty()
              ? chosen.map(BackendProvider::name).orElse("nothing") + " is faster"
              : Backends.PROPERTY + " asks for " + asked;
    }
    return new Backends.Candidate(p.name(), a, isChosen, reason);
  }

  private Optional<BackendProvider> find(String name) {
    return providers.stream().filter(p -> p.name().equals(name)).findFirst();
  }

  private IllegalArgumentException refusal(String what, String name) {
    String reason = find(name).map(p -> " (" + p.availability().reason() + ")").orElse("");
    return new IllegalArgumentException(
        what
            + " is not available here"
            + reason
            + "; available: "
            + running().stream().map(Backend::name).collect(Collectors.joining(", ")));
  }
}

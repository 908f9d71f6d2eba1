package dev.ashlar.tuning;

import dev.ashlar.tuning.work.UnitStore;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;

/** What every worker of a job needs and only one of them makes. */
final class SharedWork {
  private SharedWork() {}

  /**
   * What is in a store, or is made now by whoever has the lease of its place.
   *
   * @param place in {@code store}
   * @param find looks whether it is there
   * @param make makes it and publishes it
   * @param wait called while another worker is at it
   */
  static <T> T of(
      UnitStore store,
      int place,
      Supplier<Optional<T>> find,
      Function<UnitStore.Lease, T> make,
      Runnable wait) {
    while (true) {
      Optional<T> found = find.get();
      if (found.isPresent()) {
        return found.get();
      }
      Optional<UnitStore.Lease> lease = store.lease(place);
      if (lease.isPresent()) {
        try (UnitStore.Lease held = lease.get()) {
          // Somebody may have published it between the two.
          return find.get().orElseGet(() -> make.apply(held));
        }
      }
      wait.run();
    }
  }
}

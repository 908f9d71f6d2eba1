package dev.ashlar.tuning.work;

import dev.ashlar.tuning.method.UnitResult;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Units in memory, for threads of one process; gone with it. */
public final class MemoryUnits implements UnitStore {
  private record Entry(String unit, long weights, UnitResult result) {}

  private final Map<Integer, Entry> finished = new ConcurrentHashMap<>();
  private final Set<Integer> leased = ConcurrentHashMap.newKeySet();

  /** A store that holds nothing yet. */
  public MemoryUnits() {}

  @Override
  public Optional<UnitResult> find(int index, String unit, long weights) {
    return Optional.ofNullable(finished.get(index))
        .filter(e -> e.unit().equals(unit) && e.weights() == weights)
        .map(Entry::result);
  }

  @Override
  public boolean seemsToHave(int index) {
    return finished.containsKey(index);
  }

  @Override
  public Optional<Lease> lease(int index) {
    if (!leased.add(index)) {
      return Optional.empty();
    }
    return Optional.of(
        new Lease() {
          @Override
          public void publish(String unit, long weights, UnitResult result) {
            finished.put(index, new Entry(unit, weights, result));
          }

          @Override
          public void close() {
            leased.remove(index);
          }
        });
  }
}

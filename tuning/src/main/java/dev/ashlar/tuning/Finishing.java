package dev.ashlar.tuning;

import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.tuning.calibration.CalibrationSet;
import dev.ashlar.tuning.calibration.Shuffle;
import dev.ashlar.tuning.method.Finish;
import dev.ashlar.tuning.method.FinishResult;
import dev.ashlar.tuning.method.FinishTask;
import dev.ashlar.tuning.method.UnitResult;
import dev.ashlar.tuning.work.UnitStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The end of a run whose method works on the whole model: units wait here until all are there. In a
 * store, the finished ones lie behind the units, so that a later run takes them from there.
 */
final class Finishing {
  private static final String NAME = "finish";

  private final Finish finish;
  private final Decoder model;
  private final UnitPlan plan;
  private final long spareBytes;
  private final List<UnitResult> results = new ArrayList<>();
  private final List<Long> weights = new ArrayList<>();

  /**
   * @param spareBytes memory that may be taken to save time
   */
  Finishing(Finish finish, Decoder model, UnitPlan plan, long spareBytes) {
    this.finish = finish;
    this.model = model;
    this.plan = plan;
    this.spareBytes = spareBytes;
  }

  /**
   * Takes the next unit's result.
   *
   * @param checksum of its float weights
   */
  void add(UnitResult result, long checksum) {
    results.add(result);
    weights.add(checksum);
  }

  /**
   * The finished model: from the store if it is there, else made and put there.
   *
   * @param timing of a run that has a time in place of a number of steps
   * @param wait called while another worker is at it
   */
  FinishResult run(
      Optional<? extends UnitStore> work,
      CalibrationSet data,
      int streamed,
      RunOptions options,
      Optional<Timing> timing,
      Pace pace,
      Runnable wait) {
    if (work.isEmpty()) {
      return make(data, streamed, options, timing, pace);
    }
    UnitStore store = work.get();
    // Whoever has the first place works on all of them, and fills it last.
    return SharedWork.of(
        store,
        plan.units().size(),
        () -> find(store),
        lease -> {
          FinishResult result = make(data, streamed, options, timing, pace);
          publish(store, lease, result);
          return result;
        },
        wait);
  }

  private FinishResult make(
      CalibrationSet data, int streamed, RunOptions options, Optional<Timing> timing, Pace pace) {
    List<FinishTask.Part> parts = new ArrayList<>();
    for (UnitPlan.Entry entry : plan.units()) {
      parts.add(
          new FinishTask.Part(entry.head(), () -> entry.load(model), results.get(entry.index())));
    }
    List<int[]> samples = new ArrayList<>();
    for (int i = 0; i < data.count(); i++) {
      samples.add(data.sample(i));
    }
    return finish.run(
        new FinishTask(
            model,
            parts,
            samples,
            streamed,
            options.batchSize(),
            Shuffle.seed(options.seed(), plan.units().size()),
            pace::iteration,
            timing.filter(t -> !t.isSettled()).map(t -> new FinishTask.Limit(t.left(), t::settle)),
            spareBytes));
  }

  /** Places of the store: the rest first, then the units in order. */
  private Optional<FinishResult> find(UnitStore store) {
    int first = plan.units().size();
    Optional<UnitResult> rest = store.find(first, NAME, checksum());
    List<UnitResult> parts = new ArrayList<>();
    for (UnitPlan.Entry entry : plan.units()) {
      if (rest.isPresent()) {
        int place = first + 1 + entry.index();
        // How inputs are rounded is no part of a stored result.
        store
            .find(place, entry.name(), weights.get(entry.index()))
            .map(r -> r.withInputsOf(results.get(entry.index())))
            .ifPresent(parts::add);
      }
    }
    return parts.size() == first ? rest.map(r -> new FinishResult(parts, r)) : Optional.empty();
  }

  private void publish(UnitStore store, UnitStore.Lease held, FinishResult result) {
    int first = plan.units().size();
    for (UnitPlan.Entry entry : plan.units()) {
      int i = entry.index();
      try (UnitStore.Lease lease = store.lease(first + 1 + i).orElseThrow()) {
        lease.publish(entry.name(), weights.get(i), result.parts().get(i));
      }
    }
    held.publish(NAME, checksum(), result.rest());
  }

  private long checksum() {
    return weights.stream().reduce(0L, (a, b) -> 31 * a + b);
  }
}

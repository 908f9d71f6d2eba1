package dev.ashlar.tuning;

import dev.ashlar.nn.decoder.BlockContext;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tuning.calibration.CalibrationSet;
import dev.ashlar.tuning.method.Activations;
import dev.ashlar.tuning.method.BlockQuantizer;
import dev.ashlar.tuning.method.Budget;
import dev.ashlar.tuning.method.FloatStream;
import dev.ashlar.tuning.method.Targets;
import dev.ashlar.tuning.method.Unit;
import dev.ashlar.tuning.method.UnitTask;
import dev.ashlar.tuning.walk.ActivationStore;
import dev.ashlar.tuning.walk.BlockWalk;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;

/** How long a run will take, measured on a few units ({@link UnitCosts}). */
record Estimate(
    Decoder model,
    UnitPlan units,
    UnitRunner runner,
    BlockQuantizer quantizer,
    RunOptions options,
    CalibrationSet data,
    MemoryPlan memory) {
  /** Rows of logits that are enough to time the head. */
  private static final int HEAD_ROWS = 64;

  private static final double NANOS = 1e9;

  private static final UnitTask.IterationListener NOBODY = (i, n, loss) -> {};

  /**
   * What a run will take.
   *
   * @param units what the units take, one after another
   * @param finish what work on all of them takes behind the last
   */
  record Found(Duration units, Duration finish) {
    /** Nothing at all. */
    static final Found NOTHING = new Found(Duration.ZERO, Duration.ZERO);

    /** Both. */
    Duration whole() {
      return units.plus(finish);
    }
  }

  /**
   * @param left the units, with nothing to do in those that are done
   */
  Found run(List<UnitPlan.Entry> left) {
    List<UnitPlan.Entry> reached = left.subList(0, Math.max(1, units.reach()));
    if (!flows()) {
      return new Found(duration(costs(reached, this::alone).sum().fixed()), Duration.ZERO);
    }
    int step = Math.multiplyExact(options.batchSize(), options.accumulate());
    int streamed = quantizer.streamed(data.count());
    try (Cascade cascade = cascade(data.first(step))) {
      Measured all =
          entry -> {
            Unit unit = entry.load(model);
            Duration work = Duration.ZERO;
            if (!entry.schemes().isEmpty()) {
              Activations targets = quantizer.needsTargets() ? cascade.targets(unit) : null;
              UnitTask task = task(entry, unit, cascade, targets);
              work = quantizer.estimate(task, (streamed + step - 1) / step);
            }
            double flowing = passes(entry) * pass(unit, cascade.inputs());
            return new Budget.Cost(seconds(work), flowing);
          };
      Budget.Cost sum = costs(reached, all).sum();
      double seconds = sum.fixed() + streamed * sum.sample();
      double finishing =
          quantizer.finish().map(f -> f.samplePasses(data.count(), streamed)).orElse(0.0);
      return new Found(duration(seconds), duration(finishing == 0 ? 0 : whole(cascade, finishing)));
    }
  }

  /** What a unit takes of a method that only looks at weights. */
  private Budget.Cost alone(UnitPlan.Entry entry) {
    Activations none = Activations.zeros(0, 0, 0);
    UnitTask task = runner.task(entry, entry.load(model), none, null, data.counted(), NOBODY);
    return new Budget.Cost(seconds(quantizer.estimate(task, 0)), 0);
  }

  /** How fast a run with a time goes. */
  Budget.Speed speed(Budget budget) {
    try (Cascade cascade = cascade(data.first(options.batchSize()))) {
      Measured all =
          entry -> {
            Unit unit = entry.load(model);
            return entry.schemes().isEmpty()
                ? new Budget.Cost(0, passes(entry) * pass(unit, cascade.inputs()))
                : budget.cost(task(entry, unit, cascade, null));
          };
      int count = units.units().size();
      Budget.Cost mean = costs(units.units(), all).sum().times(1.0 / count);
      return new Budget.Speed(count, mean, whole(cascade, 1));
    }
  }

  private interface Measured extends Function<UnitPlan.Entry, Budget.Cost> {}

  private UnitCosts costs(List<UnitPlan.Entry> of, Measured measured) {
    return new UnitCosts(
        of, measured, (entry, scheme) -> entry.whole(entry.load(model).weights().keySet(), scheme));
  }

  private boolean flows() {
    return quantizer.needsInputs() || InputRanges.needed(units.schemes().values());
  }

  private UnitTask task(UnitPlan.Entry entry, Unit unit, Cascade cascade, Targets targets) {
    FloatStream floats = quantizer.needsFloats() ? new Still(cascade, walk()) : null;
    UnitPlan.Entry settled = InputRanges.settle(entry, unit, cascade);
    return runner.task(settled, unit, cascade.inputs(), targets, floats, data.counted(), NOBODY);
  }

  /** How often data flow through a unit beside what its method does with them. */
  private int passes(UnitPlan.Entry entry) {
    boolean idle = !entry.hasCodes();
    boolean quantizedInput = options.quantizedInput() && !InputRanges.areFloats(quantizer);
    int floats = quantizer.needsTargets() || idle && quantizer.needsFloats() ? 1 : 0;
    int streams = floats + (quantizedInput ? 1 : 0);
    // There is one at least, of which a method that sends it through its units makes one pass.
    return idle ? Math.max(1, streams) : streams;
  }

  /** The stream of a cascade that stays where it is, whatever goes through it. */
  private record Still(Cascade cascade, BlockWalk walk) implements FloatStream {
    @Override
    public Activations inputs() {
      return cascade.floats().inputs();
    }

    @Override
    public void pass(Unit watched) {
      cascade.floats().pass(watched);
    }

    @Override
    public void advance(Unit changed) {
      try (Activations out = room(inputs().dim())) {
        walk.pass(changed, cascade.inputs(), out, changed.name());
      }
    }

    @Override
    public Activations room(int dim) {
      return cascade.floats().room(dim);
    }
  }

  private static double seconds(Duration time) {
    return time.toNanos() / NANOS;
  }

  private static Duration duration(double seconds) {
    return Duration.ofNanos((long) (NANOS * seconds));
  }

  /** Seconds of so many passes of a sample through all blocks and the head. */
  private double whole(Cascade cascade, double passes) {
    Activations one = cascade.inputs();
    Unit first = units.units().getFirst().load(model);
    long blockUnits = units.units().stream().filter(u -> !u.head()).count();
    double block = pass(first, one);
    int rows = Math.min(HEAD_ROWS, one.length());
    Tensor x = Tensor.zeros(1, one.length(), one.dim());
    one.read(0, 1, x);
    Tensor few = Tensor.of(x.data(), rows, one.dim());
    Tape tape = Tape.off(model.backend());
    long start = 0;
    for (int i = 0; i < 2; i++) {
      start = System.nanoTime();
      model.head(few, tape);
      tape.reset();
    }
    double head = (System.nanoTime() - start) / NANOS * one.length() / rows;
    return passes * (blockUnits * block + head);
  }

  private BlockWalk walk() {
    return new BlockWalk(memory.passBatch(), BlockWalk.Check.NONE);
  }

  private Cascade cascade(CalibrationSet sample) {
    return new Cascade(
        walk(), ActivationStore.heap(), model, sample, true, quantizer.needsFloats());
  }

  /** Seconds of one sample of a batch on its way through {@code unit}, the second time. */
  private double pass(Unit unit, Activations inputs) {
    int count = Math.min(memory.passBatch(), inputs.count());
    Tape tape = Tape.off(unit.backend());
    Tensor x = Tensor.zeros(count, inputs.length(), inputs.dim());
    inputs.read(0, count, x);
    long start = 0;
    for (int i = 0; i < 2; i++) {
      start = System.nanoTime();
      unit.forward(x, BlockContext.of(count, inputs.length()), tape);
      tape.reset();
    }
    return (System.nanoTime() - start) / NANOS / count;
  }
}

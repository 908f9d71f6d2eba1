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
import dev.ashlar.tuning.method.Unit;
import dev.ashlar.tuning.method.UnitTask;
import dev.ashlar.tuning.walk.ActivationStore;
import dev.ashlar.tuning.walk.BlockWalk;
import java.time.Duration;

/** How long a run will take, measured on the first unit and multiplied. */
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

  private static final UnitTask.IterationListener NOBODY = (i, n, loss) -> {};

  Duration run() {
    UnitPlan.Entry first = units.units().getFirst();
    Unit unit = first.load(model);
    long blockUnits = units.units().stream().filter(u -> !u.head()).count();
    if (!quantizer.needsInputs()) {
      Activations none = Activations.zeros(0, 0, 0);
      UnitTask task = runner.task(first, unit, none, null, data.counted(), NOBODY);
      return quantizer.estimate(task, 0).multipliedBy(blockUnits);
    }
    int step = Math.multiplyExact(options.batchSize(), options.accumulate());
    CalibrationSet sample = data.first(step);
    int streamed = quantizer.streamed(data.count());
    int batches = (streamed + memory.passBatch() - 1) / memory.passBatch();
    BlockWalk walk = new BlockWalk(memory.passBatch(), BlockWalk.Check.NONE);
    try (Cascade cascade = cascade(walk, sample)) {
      Activations targets = cascade.targets(unit);
      Duration pass = forward(unit, cascade.inputs());
      FloatStream floats = quantizer.needsFloats() ? new Still(cascade, walk) : null;
      UnitPlan.Entry settled = InputRanges.settle(first, unit, cascade);
      UnitTask task =
          runner.task(settled, unit, cascade.inputs(), targets, floats, data.counted(), NOBODY);
      Duration tuning = quantizer.estimate(task, (streamed + step - 1) / step);
      boolean quantizedInput = options.quantizedInput() && !quantizer.floatInputs();
      int passes = (quantizer.needsTargets() ? 1 : 0) + (quantizedInput ? 1 : 0);
      Duration all =
          tuning.plus(pass.multipliedBy((long) passes * batches)).multipliedBy(blockUnits);
      double finishing =
          quantizer.finish().map(f -> f.samplePasses(data.count(), streamed)).orElse(0.0);
      return finishing == 0 ? all : all.plus(whole(unit, cascade, blockUnits, finishing));
    }
  }

  /** How fast a run with a time goes. */
  Budget.Speed speed(Budget budget) {
    UnitPlan.Entry first = units.units().getFirst();
    Unit unit = first.load(model);
    int blockUnits = (int) units.units().stream().filter(u -> !u.head()).count();
    BlockWalk walk = new BlockWalk(memory.passBatch(), BlockWalk.Check.NONE);
    try (Cascade cascade = cascade(walk, data.first(options.batchSize()))) {
      FloatStream floats = quantizer.needsFloats() ? new Still(cascade, walk) : null;
      UnitPlan.Entry settled = InputRanges.settle(first, unit, cascade);
      UnitTask task =
          runner.task(settled, unit, cascade.inputs(), null, floats, data.counted(), NOBODY);
      Budget.Cost cost = budget.cost(task);
      return new Budget.Speed(blockUnits, cost, seconds(whole(unit, cascade, blockUnits, 1)));
    }
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
    return time.toNanos() / 1e9;
  }

  private int passBatch(Activations inputs) {
    return Math.min(memory.passBatch(), inputs.count());
  }

  /** Time of so many passes of a sample through all units and the head. */
  private Duration whole(Unit unit, Cascade cascade, long blockUnits, double passes) {
    Activations one = cascade.inputs();
    double block = (double) forward(unit, one).toNanos() / passBatch(one);
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
    double head = (double) (System.nanoTime() - start) * one.length() / rows;
    return Duration.ofNanos((long) (passes * (blockUnits * block + head)));
  }

  private Cascade cascade(BlockWalk walk, CalibrationSet sample) {
    return new Cascade(walk, ActivationStore.heap(), model, sample, true, quantizer.needsFloats());
  }

  /** Time of one batch through {@code unit}, the second time. */
  private Duration forward(Unit unit, Activations inputs) {
    int count = passBatch(inputs);
    Tape tape = Tape.off(unit.backend());
    Tensor x = Tensor.zeros(count, inputs.length(), inputs.dim());
    inputs.read(0, count, x);
    long start = 0;
    for (int i = 0; i < 2; i++) {
      start = System.nanoTime();
      unit.forward(x, BlockContext.of(count, inputs.length()), tape);
      tape.reset();
    }
    return Duration.ofNanos(System.nanoTime() - start);
  }
}

package dev.ashlar.tuning;

import dev.ashlar.nn.decoder.BlockContext;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tuning.calibration.CalibrationSet;
import dev.ashlar.tuning.method.Activations;
import dev.ashlar.tuning.method.BlockQuantizer;
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
    int batches = (data.count() + memory.passBatch() - 1) / memory.passBatch();
    BlockWalk walk = new BlockWalk(memory.passBatch(), BlockWalk.Check.NONE);
    try (Cascade cascade = new Cascade(walk, ActivationStore.heap(), model, sample, true)) {
      Activations targets = cascade.targets(unit);
      Duration pass = forward(unit, cascade.inputs());
      UnitTask task = runner.task(first, unit, cascade.inputs(), targets, data.counted(), NOBODY);
      Duration tuning = quantizer.estimate(task, (data.count() + step - 1) / step);
      int passes = (quantizer.needsTargets() ? 1 : 0) + (options.quantizedInput() ? 1 : 0);
      return tuning.plus(pass.multipliedBy((long) passes * batches)).multipliedBy(blockUnits);
    }
  }

  /** Time of one batch through {@code unit}, the second time. */
  private Duration forward(Unit unit, Activations inputs) {
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
    return Duration.ofNanos(System.nanoTime() - start);
  }
}

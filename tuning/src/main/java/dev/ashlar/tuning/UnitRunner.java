package dev.ashlar.tuning;

import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tuning.calibration.Shuffle;
import dev.ashlar.tuning.method.Activations;
import dev.ashlar.tuning.method.BlockQuantizer;
import dev.ashlar.tuning.method.FloatStream;
import dev.ashlar.tuning.method.Targets;
import dev.ashlar.tuning.method.TuningException;
import dev.ashlar.tuning.method.Unit;
import dev.ashlar.tuning.method.UnitResult;
import dev.ashlar.tuning.method.UnitTask;
import dev.ashlar.tuning.work.WeightChecksum;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * From a unit's inputs to its result, and nothing else: the same inputs give the same result,
 * wherever and whenever it runs. What is random in unit k depends on the job's seed and on k only.
 */
public final class UnitRunner {
  private final BlockQuantizer quantizer;
  private final RunOptions options;

  /** A runner of {@code quantizer}, which is used by one thread at a time. */
  public UnitRunner(BlockQuantizer quantizer, RunOptions options) {
    this.quantizer = quantizer;
    this.options = options;
  }

  /** Quantizes a unit by a method that does not look at the float model's stream. */
  public UnitResult run(
      UnitPlan.Entry entry,
      Unit unit,
      Activations inputs,
      Targets targets,
      boolean[][] counted,
      UnitTask.IterationListener listener) {
    return run(entry, unit, inputs, targets, null, counted, listener);
  }

  /**
   * Quantizes a unit.
   *
   * @param inputs what flows into it; none for methods that need none
   * @param targets what the float unit puts out, or null for methods that need none
   * @param floats the float model's stream, or null for methods that need none
   * @param counted for each sample, which positions count in a loss
   * @throws TuningException if weights or activations are not finite, or a scale overflows
   */
  public UnitResult run(
      UnitPlan.Entry entry,
      Unit unit,
      Activations inputs,
      Targets targets,
      FloatStream floats,
      boolean[][] counted,
      UnitTask.IterationListener listener) {
    UnitQuantized event = new UnitQuantized();
    event.begin();
    UnitResult result =
        quantizer.quantize(task(entry, unit, inputs, targets, floats, counted, listener));
    require(entry, unit, result);
    result = result.withInputs(entry.schemes());
    event.unit = entry.index();
    event.name = entry.name();
    event.layers = result.layers().size();
    event.bestLoss = result.history().map(h -> h.bestLoss()).orElse(Double.NaN);
    event.commit();
    return result;
  }

  /** The task for methods that do not look at the float model's stream. */
  UnitTask task(
      UnitPlan.Entry entry,
      Unit unit,
      Activations inputs,
      Targets targets,
      boolean[][] counted,
      UnitTask.IterationListener listener) {
    return task(entry, unit, inputs, targets, null, counted, listener);
  }

  /** The head is tuned sample by sample: its outputs are as wide as the vocabulary. */
  UnitTask task(
      UnitPlan.Entry entry,
      Unit unit,
      Activations inputs,
      Targets targets,
      FloatStream floats,
      boolean[][] counted,
      UnitTask.IterationListener listener) {
    int step = Math.multiplyExact(options.batchSize(), options.accumulate());
    // What files round themselves is no method's work.
    Map<String, QuantScheme> schemes = new LinkedHashMap<>(entry.schemes());
    schemes.values().removeIf(scheme -> !scheme.hasCodes());
    return new UnitTask(
        entry.index(),
        unit,
        schemes,
        inputs,
        targets,
        counted,
        entry.head() ? 1 : options.batchSize(),
        entry.head() ? step : options.accumulate(),
        Shuffle.seed(options.seed(), entry.index()),
        listener,
        floats);
  }

  /** A method that names what is not there, or in another shape, would be lost on the way. */
  private void require(UnitPlan.Entry entry, Unit unit, UnitResult result) {
    for (String name : result.layers().keySet()) {
      if (!entry.schemes().containsKey(name)) {
        throw fault(name, "codes for a layer that is not to be quantized");
      }
    }
    if (result.tensors().isEmpty()) {
      return;
    }
    Map<String, Tensor> present = unit.tensors();
    result
        .tensors()
        .forEach(
            (name, t) -> {
              Tensor now = present.get(name);
              if (now == null) {
                throw fault(name, "a tensor that " + entry.name() + " does not have");
              }
              Shape shape = now.shape();
              if (!shape.equals(t.shape())) {
                throw fault(name, "shape " + t.shape() + " in place of " + shape);
              }
              for (int i = 0; i < t.size(); i++) {
                if (!Float.isFinite(t.data()[i])) {
                  throw fault(name, "a value that is not finite");
                }
              }
            });
  }

  private TuningException fault(String name, String found) {
    return new TuningException(name, "method '" + quantizer.title() + "' gave " + found);
  }

  /** A checksum of the float weights of a unit. */
  public static long checksum(Unit unit) {
    WeightChecksum sum = new WeightChecksum();
    unit.weights().values().forEach(w -> w.floats().ifPresent(sum::add));
    return sum.value();
  }
}

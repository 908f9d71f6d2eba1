package dev.ashlar.tuning.method;

import dev.ashlar.nn.layer.Weight;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.quant.QuantScheme;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One unit to quantize.
 *
 * @param index its place in the run, from 0
 * @param unit the float unit
 * @param schemes scheme of each layer that is to be quantized, by complete module name, in the
 *     unit's order; layers that are not here stay float
 * @param inputs what flows into the unit; empty (no samples) for methods that need none
 * @param targets what the float unit puts out for float inputs, or null for methods that need none
 * @param counted for each sample, which of its positions count in a loss
 * @param batchSize samples of one micro-batch
 * @param accumulate micro-batches of one step
 * @param seed depends on the job's seed and {@code index} only
 * @param listener hears of each iteration
 * @param floats the float model's stream, or null for methods that need none
 */
public record UnitTask(
    int index,
    Unit unit,
    Map<String, QuantScheme> schemes,
    Activations inputs,
    Targets targets,
    boolean[][] counted,
    int batchSize,
    int accumulate,
    long seed,
    IterationListener listener,
    FloatStream floats) {
  /** The same for methods that do not look at the float model's stream. */
  public UnitTask(
      int index,
      Unit unit,
      Map<String, QuantScheme> schemes,
      Activations inputs,
      Targets targets,
      boolean[][] counted,
      int batchSize,
      int accumulate,
      long seed,
      IterationListener listener) {
    this(
        index,
        unit,
        schemes,
        inputs,
        targets,
        counted,
        batchSize,
        accumulate,
        seed,
        listener,
        null);
  }

  /** Hears of iterations, and of what did not go as asked, while a unit is worked on. */
  @FunctionalInterface
  public interface IterationListener {
    /**
     * @param iteration from 0
     * @param iterations how many there will be at most
     * @param loss of this iteration's batch
     */
    void iteration(int iteration, int iterations, double loss);

    /** Hears of something the user should know, as one sentence. */
    default void warning(String sentence) {}
  }

  /**
   * A layer that is to be quantized.
   *
   * @throws TuningException if its weight is not finite, or is codes already
   */
  public LinearLayer layer(String name) {
    return layer(name, unit.weights().get(name));
  }

  /** The same for a weight that is at hand. */
  public LinearLayer layer(String name, Weight weight) {
    Tensor matrix =
        weight
            .floats()
            .orElseThrow(
                () ->
                    new TuningException(
                        name, "the layer is quantized already; quantize the float model"));
    Finite.requireWeight(name, matrix, unit.backend());
    return new LinearLayer(
        name,
        matrix,
        schemes.get(name),
        Optional.empty(),
        unit.backend(),
        SharedRange.of(this, name));
  }

  /** Names of the layers that are to be quantized, those together that read one input. */
  public List<List<String>> groups() {
    return wanted(unit.sharedInputs());
  }

  /** What of {@code groups} is to be quantized, without groups of which nothing is left. */
  public List<List<String>> wanted(List<List<String>> groups) {
    return groups.stream()
        .map(group -> group.stream().filter(schemes::containsKey).toList())
        .filter(names -> !names.isEmpty())
        .toList();
  }

  /** Whether nothing is to be quantized here. */
  public boolean isEmpty() {
    return schemes.isEmpty();
  }
}

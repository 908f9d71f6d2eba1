package dev.ashlar.tuning.feedback;

import dev.ashlar.nn.decoder.LinearSpec;
import dev.ashlar.nn.decoder.StreamAddition;
import dev.ashlar.nn.layer.Weight;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tuning.method.Activations;
import dev.ashlar.tuning.method.FloatStream;
import dev.ashlar.tuning.method.Unit;
import dev.ashlar.tuning.method.UnitTask;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What the float model has inside of a unit, sample by sample: the inputs of its linear maps and
 * what those put out that write the residual stream.
 *
 * <p>Experts see some tokens only, other ones in each model, so that rows cannot be compared: of
 * them nothing is kept.
 */
final class FloatCapture implements AutoCloseable {
  private final FloatStream stream;
  private final Map<String, Activations> inputs = new HashMap<>();
  private final Map<String, Activations> outputs = new HashMap<>();
  private final Set<String> partial = new HashSet<>();

  private FloatCapture(FloatStream stream) {
    this.stream = stream;
  }

  /**
   * Runs the float unit over all samples.
   *
   * @param readers maps whose inputs are wanted
   * @param writers maps whose outputs are wanted
   */
  static FloatCapture of(UnitTask task, Set<String> readers, List<StreamAddition> writers) {
    FloatCapture capture = new FloatCapture(task.floats());
    Set<String> writing = writers.stream().map(StreamAddition::name).collect(Collectors.toSet());
    PlacedUnit.Place place = new PlacedUnit.Place();
    Unit watched =
        task.unit()
            .mapWeights(
                (name, weight) -> {
                  // By name: an expert that got all tokens of these batches may not get them again.
                  boolean whole = LinearSpec.experts(name).isEmpty();
                  boolean reads = whole && readers.contains(name);
                  boolean writes = whole && writing.contains(name);
                  return reads || writes
                      ? capture.watched(name, weight, reads, writes, place)
                      : weight;
                });
    task.floats().pass(new PlacedUnit(watched, place, hidden -> {}));
    capture.partial.forEach(capture.inputs::remove);
    return capture;
  }

  private Weight watched(
      String name, Weight weight, boolean reads, boolean writes, PlacedUnit.Place place) {
    return new WatchedWeight(
        weight,
        (x, y) -> {
          if (!place.whole(x)) {
            partial.add(name);
            return;
          }
          if (reads) {
            room(inputs, name, weight.in()).write(place.first(), place.count(), x);
          }
          if (writes) {
            room(outputs, name, weight.out()).write(place.first(), place.count(), y);
          }
        });
  }

  private Activations room(Map<String, Activations> kept, String name, int dim) {
    return kept.computeIfAbsent(name, n -> stream.room(dim));
  }

  /** What flows into the unit. */
  Activations hidden() {
    return stream.inputs();
  }

  /** Whether the inputs of {@code name} were kept. */
  boolean hasInputs(String name) {
    return inputs.containsKey(name);
  }

  /** What flowed into {@code name}, minus {@code x} of the samples at {@code place}. */
  Tensor inputDifference(String name, PlacedUnit.Place place, Tensor x, Tensor into) {
    return difference(inputs.get(name), place, x, into);
  }

  /** What {@code name} put out, minus {@code y} of the samples at {@code place}. */
  Tensor outputDifference(String name, PlacedUnit.Place place, Tensor y, Tensor into) {
    return difference(outputs.get(name), place, y, into);
  }

  /** What flowed into the unit, minus {@code x} of the samples at {@code place}. */
  Tensor hiddenDifference(PlacedUnit.Place place, Tensor x, Tensor into) {
    return difference(stream.inputs(), place, x, into);
  }

  private static Tensor difference(
      Activations floats, PlacedUnit.Place place, Tensor x, Tensor into) {
    floats.read(place.first(), place.count(), into);
    float[] d = into.data();
    float[] present = x.data();
    for (int i = 0; i < x.size(); i++) {
      d[i] -= present[i];
    }
    return into;
  }

  @Override
  public void close() {
    inputs.values().forEach(Activations::close);
    outputs.values().forEach(Activations::close);
  }
}

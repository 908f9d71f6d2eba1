package dev.ashlar.tuning.feedback;

import dev.ashlar.nn.decoder.StreamAddition;
import dev.ashlar.nn.layer.Weight;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tuning.method.Unit;
import dev.ashlar.tuning.method.UnitTask;
import dev.ashlar.tuning.walk.BlockWalk;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * One pass of all samples through a unit of which some steps are quantized: gathers what the groups
 * of the next step get, and what they should make up for.
 *
 * <p>For a map that writes the residual stream that is all the stream lacks behind it: {@code r/m +
 * W(x − x̂)}, r the float stream less the present one before the map's output is added m times. For
 * others it is x − x̂ of their input, and nothing where tokens cannot be told apart (experts).
 */
final class StepPass {
  private final UnitTask task;
  private final FloatCapture floats;
  private final KnownOutputs known;
  private final PlacedUnit.Place place = new PlacedUnit.Place();
  private final Map<String, StreamAddition> additions = new HashMap<>();

  /** By the first map of a group. */
  private final Map<String, StreamMoments> moments = new HashMap<>();

  private final Map<String, Tensor> scratch = new HashMap<>();

  /** What the stream lacks so far, of the batch on its way. */
  private Tensor lacking;

  private StepPass(UnitTask task, FloatCapture floats, KnownOutputs known) {
    this.task = task;
    this.known = known;
    this.floats = floats;
    task.unit().additions().forEach(a -> additions.put(a.name(), a));
  }

  /**
   * Makes the pass.
   *
   * @param known what maps of earlier steps put out
   * @param present the unit with the layers of earlier steps quantized
   * @param done names of the maps of earlier steps
   * @param groups maps that are to be quantized now, those together that read one input
   * @return moments by the first map of each group
   */
  static Map<String, StreamMoments> run(
      UnitTask task,
      FloatCapture floats,
      KnownOutputs known,
      Unit present,
      Set<String> done,
      List<List<String>> groups) {
    StepPass pass = new StepPass(task, floats, known);
    Map<String, List<String>> first = new HashMap<>();
    groups.forEach(g -> first.put(g.getFirst(), g));
    Unit watched =
        present.mapWeights(
            (name, weight) -> {
              if (done.contains(name)) {
                return pass.earlier(name, weight);
              }
              List<String> group = first.get(name);
              return group == null
                  ? new WatchedWeight.Idle(weight, (x, y) -> {})
                  : pass.observed(group, weight);
            });
    new BlockWalk(task.batchSize(), BlockWalk.Check.NONE)
        .observe(new PlacedUnit(watched, pass.place, pass::begin), task.inputs());
    return pass.moments;
  }

  private void begin(Tensor hidden) {
    lacking = floats.hiddenDifference(place, hidden, room("", hidden.dim(-1)));
  }

  private Weight earlier(String name, Weight quantized) {
    Weight weight = known.of(name, quantized, place);
    StreamAddition addition = additions.get(name);
    if (addition == null) {
      return weight;
    }
    return new WatchedWeight(
        weight,
        (x, y) -> {
          Tensor d = floats.outputDifference(name, place, y, room(name, weight.out()));
          add(addition.multiplier(), d, lacking);
        });
  }

  private Weight observed(List<String> group, Weight weight) {
    String name = group.getFirst();
    StreamAddition addition = group.size() == 1 ? additions.get(name) : null;
    if (addition != null) {
      StreamMoments m = moments(name, weight.in(), weight.out());
      return new WatchedWeight(
          weight,
          (x, y) -> {
            Tensor d = floats.outputDifference(name, place, y, room(name, weight.out()));
            add(1 / addition.multiplier(), lacking, d);
            m.add(x, d);
          });
    }
    boolean paired = floats.hasInputs(name);
    StreamMoments m = moments(name, weight.in(), paired ? weight.in() : 0);
    return new WatchedWeight.Idle(
        weight,
        (x, y) ->
            m.add(
                x,
                paired ? floats.inputDifference(name, place, x, room(name, weight.in())) : null));
  }

  private StreamMoments moments(String name, int in, int width) {
    StreamMoments m = new StreamMoments(in, width, task.unit().backend());
    moments.put(name, m);
    return m;
  }

  private static void add(float factor, Tensor x, Tensor to) {
    float[] from = x.data();
    float[] into = to.data();
    for (int i = 0; i < to.size(); i++) {
      into[i] += factor * from[i];
    }
  }

  /** Room for the samples on their way; what it held before is gone. */
  private Tensor room(String name, int dim) {
    int length = task.inputs().length();
    Tensor t = scratch.get(name);
    if (t == null || t.dim(0) != place.count()) {
      t = Tensor.zeros(place.count(), length, dim);
      scratch.put(name, t);
    }
    return t;
  }
}

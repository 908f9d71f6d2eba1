package dev.ashlar.tuning.method;

import dev.ashlar.nn.decoder.BlockContext;
import dev.ashlar.nn.layer.DenseWeight;
import dev.ashlar.nn.layer.Weight;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.quant.QuantizedTensor;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/** Lifts a {@link LinearQuantizer} to units: observes all layers in one pass, then solves each. */
public final class Layerwise implements BlockQuantizer {
  private final LinearQuantizer quantizer;
  private final String description;
  private final Tape tape = Tape.off();

  /**
   * @param description everything that decides what codes come out, as one line
   */
  public Layerwise(LinearQuantizer quantizer, String description) {
    this.quantizer = quantizer;
    this.description = description;
  }

  @Override
  public boolean needsInputs() {
    return quantizer.observes();
  }

  @Override
  public boolean needsTargets() {
    return false;
  }

  @Override
  public String describe() {
    return description;
  }

  @Override
  public UnitResult quantize(UnitTask task) {
    Map<String, LinearQuantizer.Work> work = begin(task);
    if (quantizer.observes() && !work.isEmpty()) {
      observe(task, work);
    }
    return UnitResult.of(finish(work));
  }

  /** The dense matrix of a layer that is to be quantized. */
  public static LinearLayer layer(UnitTask task, String name, Weight weight) {
    if (!(weight instanceof DenseWeight dense)) {
      throw new TuningException(name, "the layer is quantized already; quantize the float model");
    }
    Finite.requireWeight(name, dense.matrix(), Backends.chosen());
    return new LinearLayer(name, dense.matrix(), task.schemes().get(name));
  }

  private Map<String, LinearQuantizer.Work> begin(UnitTask task) {
    Map<String, LinearQuantizer.Work> work = new LinkedHashMap<>();
    task.unit()
        .weights()
        .forEach(
            (name, weight) -> {
              if (task.schemes().containsKey(name)) {
                work.put(name, quantizer.begin(layer(task, name, weight)));
              }
            });
    return work;
  }

  private void observe(UnitTask task, Map<String, LinearQuantizer.Work> work) {
    Unit observed =
        task.unit()
            .mapWeights(
                (name, weight) -> {
                  LinearQuantizer.Work w = work.get(name);
                  return w == null ? weight : new ObservedWeight(weight, w::observe);
                });
    Activations x = task.inputs();
    for (int at = 0; at < x.count(); at += task.batchSize()) {
      int count = Math.min(task.batchSize(), x.count() - at);
      Tensor batch = tape.workspace().take(count, x.length(), x.dim());
      x.read(at, count, batch);
      observed.forward(batch, BlockContext.of(count, x.length()), tape);
      tape.reset();
    }
  }

  private static Map<String, QuantizedTensor> finish(Map<String, LinearQuantizer.Work> work) {
    Map<String, QuantizedTensor> layers = new LinkedHashMap<>();
    work.forEach((name, w) -> layers.put(name, w.finish()));
    return layers;
  }

  @Override
  public Duration estimate(UnitTask sample, int batches) {
    Map<String, LinearQuantizer.Work> work = begin(sample);
    long start = System.nanoTime();
    if (quantizer.observes()) {
      observe(sample, work);
    }
    long observed = System.nanoTime();
    finish(work);
    long end = System.nanoTime();
    return Duration.ofNanos((observed - start) * batches + (end - observed));
  }
}

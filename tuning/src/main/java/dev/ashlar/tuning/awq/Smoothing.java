package dev.ashlar.tuning.awq;

import dev.ashlar.nn.decoder.Folding;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tuning.method.LinearLayer;
import dev.ashlar.tuning.method.UnitTask;
import dev.ashlar.tuning.walk.BlockWalk;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * A unit whose inputs have factors: what they are, and the tensors that have taken them. Each input
 * is searched for itself on the float weights, from what one pass of the data tells; then all
 * factors are folded at once.
 */
final class Smoothing {
  /** Names of the figures: inputs with factors, and those where nothing could take them. */
  static final String SMOOTHED = "inputs_smoothed";

  static final String LEFT = "inputs_left_unsmoothed";

  /** Error of all outputs with factors as a part of that without. */
  static final String ERROR = "smoothed_error";

  private final UnitTask task;
  private final AwqOptions options;
  private final Map<String, InputStatistics> statistics = new HashMap<>();

  /** Factors of each layer's input, where it has any. */
  private final Map<String, float[]> factors = new HashMap<>();

  private final FoldedFactors folded;
  private final long observing;
  private int smoothed;
  private int left;
  private double before;
  private double after;

  Smoothing(UnitTask task, AwqOptions options) {
    this.task = task;
    this.options = options;
    this.folded = new FoldedFactors(task.unit().tensors());
    long start = System.nanoTime();
    observe();
    this.observing = System.nanoTime() - start;
    Map<Folding, float[]> found = new LinkedHashMap<>();
    for (Folding f : task.unit().foldings()) {
      search(f, found);
    }
    found.forEach(this::fold);
  }

  /** Nanoseconds spent on the pass of the data. */
  long observing() {
    return observing;
  }

  private void observe() {
    Map<String, Consumer<Tensor>> observers = new HashMap<>();
    for (List<String> group : task.groups()) {
      String first = group.getFirst();
      InputStatistics s = new InputStatistics(task.layer(first).in(), task.unit().backend());
      observers.put(first, s::add);
      group.forEach(name -> statistics.put(name, s));
    }
    BlockWalk.observe(task, task.unit(), observers);
  }

  private void search(Folding f, Map<Folding, float[]> found) {
    List<String> wanted = f.layers().stream().filter(task.schemes()::containsKey).toList();
    if (wanted.isEmpty()) {
      return;
    }
    if (!folded.takes(f)) {
      left++;
      return;
    }
    Map<InputStatistics, float[]> moments = new HashMap<>();
    List<FactorSearch.Member> members =
        wanted.stream()
            .map(
                n ->
                    new FactorSearch.Member(
                        task.layer(n).weight(),
                        task.layer(n).grid(),
                        moments.computeIfAbsent(statistics.get(n), InputStatistics::moments)))
            .toList();
    FactorSearch.Found best =
        new FactorSearch(members, task.unit().backend())
            .run(options, magnitudes(wanted), t -> FoldedFactors.share(f.source(), t));
    before += best.before();
    after += best.after();
    smoothed++;
    found.put(f, best.factors());
  }

  /** Mean |x| of each channel over the tokens that came to any of the layers. */
  private float[] magnitudes(List<String> names) {
    int in = task.layer(names.getFirst()).in();
    double[] sums = new double[in];
    long tokens = 0;
    for (InputStatistics s : names.stream().map(statistics::get).distinct().toList()) {
      for (int k = 0; k < in; k++) {
        sums[k] += s.magnitudes()[k];
      }
      tokens += s.tokens();
    }
    float[] means = new float[in];
    for (int k = 0; k < in; k++) {
      means[k] = (float) (sums[k] / Math.max(1, tokens));
    }
    return means;
  }

  private void fold(Folding f, float[] t) {
    f.layers().forEach(n -> factors.put(n, t));
    folded.fold(f, t);
  }

  /** The weight of a layer as it is to be quantized, {@code [out, in]}. */
  Tensor weight(String layer) {
    Tensor own = folded.changed().get(layer + ".weight");
    return own == null ? task.layer(layer).weight() : own;
  }

  /** The layer with its weights clipped. */
  LinearLayer clipped(LinearLayer layer) {
    int in = layer.in();
    float[] moments = statistics.get(layer.name()).moments();
    float[] t = factors.get(layer.name());
    if (t != null) {
      for (int i = 0; i < moments.length; i++) {
        moments[i] /= t[i / in] * t[i % in];
      }
    }
    IntegerGrid grid = layer.grid();
    return layer.withWeight(Clipping.clipped(layer.weight(), grid, moments, layer.backend()));
  }

  /** The importance of a layer's inputs as they are with factors, {@code [in]}. */
  float[] importance(String layer) {
    float[] importance = statistics.get(layer).importance();
    float[] t = factors.get(layer);
    for (int k = 0; t != null && k < importance.length; k++) {
      importance[k] /= t[k] * t[k];
    }
    return importance;
  }

  /** Tensors that are not as they were and are not quantized. */
  Map<String, Tensor> changed() {
    Map<String, Tensor> rest = new LinkedHashMap<>(folded.changed());
    task.schemes().keySet().forEach(n -> rest.remove(n + ".weight"));
    return rest;
  }

  Map<String, Double> figures() {
    Map<String, Double> figures = new LinkedHashMap<>();
    figures.put(SMOOTHED, (double) smoothed);
    if (left > 0) {
      figures.put(LEFT, (double) left);
    }
    if (before > 0) {
      figures.put(ERROR, after / before);
    }
    return figures;
  }
}

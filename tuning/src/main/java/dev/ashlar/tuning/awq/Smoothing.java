package dev.ashlar.tuning.awq;

import dev.ashlar.nn.decoder.BlockModule;
import dev.ashlar.nn.decoder.Folding;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tuning.method.LinearLayer;
import dev.ashlar.tuning.method.UnitTask;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A unit whose inputs have factors: what they are, and the tensors that have taken them. Each input
 * is searched for itself in the float unit, by what the module around its maps puts out (as AWQ's
 * program and AutoRound do it); factors that help on {@linkplain HeldOut held-out samples} are
 * folded, all at once. Clips are judged likewise.
 */
final class Smoothing {
  /** Names of the figures: inputs with factors, and those where nothing could take them. */
  static final String SMOOTHED = "inputs_smoothed";

  static final String LEFT = "inputs_left_unsmoothed";

  /** Inputs without factors because none helped, by the search or on held-out samples. */
  static final String REFUSED = "inputs_not_helped";

  /** Layers whose clips helped. */
  static final String CLIPPED = "layers_clipped";

  /** Error of the unit's output on held-out samples with all that as a part of that without. */
  static final String ERROR = "held_out_error";

  private final UnitTask task;
  private final AwqOptions options;
  private final Observed observed;
  private final Rounding rounding;
  private final HeldOut held;

  /** Factors of each layer's input, where it has any. */
  private final Map<String, float[]> factors = new HashMap<>();

  private final FoldedFactors folded;
  private final long observing;
  private int smoothed;
  private int left;
  private int refused;
  private int clipped;

  Smoothing(UnitTask task, AwqOptions options) {
    this.task = task;
    this.options = options;
    this.folded = new FoldedFactors(task.unit().tensors());
    long start = System.nanoTime();
    this.observed = new Observed(task, split(task, task.inputs().count(), options));
    this.observing = System.nanoTime() - start;
    this.rounding = new Rounding(options.search(), name -> observed.statistics(name).importance());
    this.held = new HeldOut(task, rounding, observed.held());
    Map<Folding, FactorSearch.Found> found = new LinkedHashMap<>();
    Map<Integer, OutputError> modules = new HashMap<>();
    for (Folding f : task.unit().foldings()) {
      search(f, modules).ifPresent(best -> found.put(f, best));
    }
    found.forEach(this::choose);
  }

  /** What samples serve in a run of {@code count}. */
  static SampleSplit split(UnitTask task, int count, AwqOptions options) {
    return SampleSplit.of(count, task.inputs().length(), options.tokens());
  }

  /** Nanoseconds spent on the pass of the data. */
  long observing() {
    return observing;
  }

  private Optional<FactorSearch.Found> search(Folding f, Map<Integer, OutputError> modules) {
    List<String> wanted = f.layers().stream().filter(task.schemes()::containsKey).toList();
    if (wanted.isEmpty()) {
      return Optional.empty();
    }
    if (!folded.takes(f)) {
      left++;
      return Optional.empty();
    }
    List<FactorSearch.Member> members =
        wanted.stream()
            .map(n -> new FactorSearch.Member(n, task.layer(n).weight(), task.layer(n).grid()))
            .toList();
    Optional<OutputError> around = around(wanted, modules);
    OutputError own = byMoments(wanted);
    return Optional.of(
        new FactorSearch(members, rounding, task.unit().backend())
            .run(
                options,
                magnitudes(wanted),
                t -> FoldedFactors.share(f.source(), t),
                around.orElse(own),
                around.map(a -> own)));
  }

  private void choose(Folding f, FactorSearch.Found found) {
    if (found.gains() && held.keeps(found.weights())) {
      smoothed++;
      f.layers().forEach(n -> factors.put(n, found.factors()));
      folded.fold(f, found.factors());
    } else {
      refused++;
    }
  }

  /**
   * The errors of what the modules put out that {@code layers} are in; empty where these put it out
   * themselves, or no module is known, so that errors of their own outputs say all.
   *
   * @param modules those that were asked for before
   */
  private Optional<OutputError> around(List<String> layers, Map<Integer, OutputError> modules) {
    List<OutputError> errors = new ArrayList<>();
    List<BlockModule> all = task.unit().modules();
    for (int i = 0; i < all.size(); i++) {
      BlockModule m = all.get(i);
      List<String> within = layers.stream().filter(m.maps()::contains).toList();
      if (!within.isEmpty() && !m.outputs().containsAll(within)) {
        errors.add(modules.computeIfAbsent(i, this::module));
      }
    }
    return errors.isEmpty()
        ? Optional.empty()
        : Optional.of(weights -> errors.stream().mapToDouble(e -> e.of(weights)).sum());
  }

  private OutputError module(int index) {
    return new RunError(
        task.unit(),
        (unit, x, c, tape) -> unit.modules().get(index).run().forward(x, c, tape),
        observed.module(index));
  }

  private OutputError byMoments(List<String> layers) {
    Map<InputStatistics, float[]> own = new HashMap<>();
    Map<String, Tensor> weights = new LinkedHashMap<>();
    Map<String, float[]> moments = new HashMap<>();
    for (String n : layers) {
      InputStatistics s = observed.statistics(n);
      weights.put(n, task.layer(n).weight());
      moments.put(n, own.computeIfAbsent(s, InputStatistics::moments));
    }
    return new MomentError(weights, moments, task.unit().backend());
  }

  /** Mean |x| of each channel over the tokens that came to any of the layers. */
  private float[] magnitudes(List<String> names) {
    int in = task.layer(names.getFirst()).in();
    double[] sums = new double[in];
    long tokens = 0;
    for (InputStatistics s : names.stream().map(observed::statistics).distinct().toList()) {
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

  /** The weight of a layer as it is to be quantized, {@code [out, in]}. */
  Tensor weight(String layer) {
    Tensor own = folded.changed().get(layer + ".weight");
    return own == null ? task.layer(layer).weight() : own;
  }

  /** The layer with its weights clipped, or as it is if that does not help. */
  LinearLayer clipped(LinearLayer layer) {
    int in = layer.in();
    float[] moments = observed.statistics(layer.name()).moments();
    float[] t = factors.getOrDefault(layer.name(), Nearest.ones(in));
    for (int i = 0; i < moments.length; i++) {
      moments[i] /= t[i / in] * t[i % in];
    }
    // The judge's unit has no factors: not those that rows of this layer took for others either.
    Tensor scaled = task.layer(layer.name()).weight().copy();
    for (int i = 0; i < scaled.size(); i++) {
      scaled.data()[i] *= t[i % in];
    }
    Tensor found = Clipping.clipped(scaled, layer.grid(), moments, layer.backend());
    Tensor rounded = rounding.without(layer.withWeight(found), t);
    if (!held.keeps(Map.of(layer.name(), rounded))) {
      return layer;
    }
    clipped++;
    return layer.withWeight(
        Clipping.clipped(layer.weight(), layer.grid(), moments, layer.backend()));
  }

  /** Codes of a layer whose weights have their factors. */
  QuantizedMatrix codes(LinearLayer layer) {
    return rounding.codes(layer, factors.getOrDefault(layer.name(), Nearest.ones(layer.in())));
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
    if (refused > 0) {
      figures.put(REFUSED, (double) refused);
    }
    if (options.clip()) {
      figures.put(CLIPPED, (double) clipped);
    }
    figures.put(ERROR, held.ratio());
    return figures;
  }
}

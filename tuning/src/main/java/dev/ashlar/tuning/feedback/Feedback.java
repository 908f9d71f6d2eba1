package dev.ashlar.tuning.feedback;

import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tuning.finish.EndToEnd;
import dev.ashlar.tuning.finish.EndToEndOptions;
import dev.ashlar.tuning.method.BlockQuantizer;
import dev.ashlar.tuning.method.Budget;
import dev.ashlar.tuning.method.Finish;
import dev.ashlar.tuning.method.LinearLayer;
import dev.ashlar.tuning.method.Method;
import dev.ashlar.tuning.method.Unit;
import dev.ashlar.tuning.method.UnitResult;
import dev.ashlar.tuning.method.UnitSize;
import dev.ashlar.tuning.method.UnitTask;
import java.time.Duration;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Layer after layer is solved so that it gives what the float layer gives on the float model's
 * inputs, although it sees the quantized model's, and so that the residual stream gets back what it
 * lacks; see {@code docs/recipe.md}.
 *
 * <p>Inside of a unit, maps that read one input are solved together, each step on what the solved
 * ones before it put out.
 */
public final class Feedback implements BlockQuantizer {
  /** How users call it. */
  public static final Method METHOD = new FeedbackMethod();

  private static final int ESTIMATES = 2;
  private static final double NANOS_OF_A_SECOND = 1e9;
  private static final double NANOS_OF_A_MINUTE = 6e10;

  private final SolverOptions options;
  private final EndToEndOptions ending;

  private final Split split;
  private final Optional<Budget> budget;

  /** Time spent on passes, for the estimate. */
  private long passing;

  /**
   * Which samples layers are solved on, from the first; the others are left for the ending.
   *
   * @param share of all, if there is no number
   * @param number of samples
   */
  record Split(double share, OptionalInt number) {
    private int of(int samples) {
      return Math.clamp(number.orElseGet(() -> (int) Math.ceil(samples * share)), 1, samples);
    }

    private String describe() {
      return number.isPresent() ? "layer_samples=" + number.getAsInt() : "share=" + share;
    }
  }

  /**
   * @param split of the samples, if something is tuned after the layers
   * @param budget a time that decides how many samples and steps there are, where options do not
   */
  Feedback(SolverOptions options, EndToEndOptions ending, Split split, Optional<Budget> budget) {
    this.options = options;
    this.ending = ending;
    this.split = split;
    this.budget = budget;
  }

  @Override
  public Optional<Budget> budget() {
    return budget;
  }

  @Override
  public int streamed(int samples) {
    return ending.steps() == 0 && split.number().isEmpty() ? samples : split.of(samples);
  }

  @Override
  public Optional<Finish> finish() {
    return ending.steps() == 0 ? Optional.empty() : Optional.of(new EndToEnd(ending));
  }

  @Override
  public boolean needsInputs() {
    return true;
  }

  @Override
  public boolean needsTargets() {
    return false;
  }

  @Override
  public boolean needsFloats() {
    return true;
  }

  @Override
  public long workingBytes(UnitSize unit, long tokens) {
    // Target, error, residual, two products and codes of the largest layer; its moments and their
    // factor in double and float; and one batch on its way.
    return unit.weights() * (5 * Float.BYTES + 1 + 3 * Double.BYTES) + unit.passBytes(tokens);
  }

  @Override
  public String describe() {
    // Numbers that follow from a time are not known yet, and lie with the work.
    return "feedback, "
        + budget.map(b -> "minutes=" + b.time().toNanos() / NANOS_OF_A_MINUTE + ", ").orElse("")
        + options.describe()
        + (ending.steps() == 0 && split.number().isEmpty() ? "" : ", " + split.describe())
        + (ending.steps() == 0 ? "" : ", " + ending.describe());
  }

  @Override
  public UnitResult quantize(UnitTask task) {
    if (task.isEmpty()) {
      return UnitResult.of(Map.of());
    }
    List<List<List<String>>> steps = task.unit().steps();
    Set<String> readers = new HashSet<>();
    steps.forEach(step -> task.wanted(step).forEach(g -> readers.add(g.getFirst())));
    Measure measure = new Measure();
    UnitResult result = UnitResult.of(Map.of());
    Set<String> done = new HashSet<>();
    long start = System.nanoTime();
    try (FloatCapture floats = FloatCapture.of(task, readers, task.unit().additions());
        KnownOutputs known = new KnownOutputs(task.floats())) {
      passing += System.nanoTime() - start;
      for (List<List<String>> step : steps) {
        List<List<String>> groups = task.wanted(step);
        if (!groups.isEmpty()) {
          start = System.nanoTime();
          Unit present = task.unit().with(result.withInputs(task.schemes()));
          Map<String, StreamMoments> moments =
              StepPass.run(task, floats, known, present, done, groups);
          passing += System.nanoTime() - start;
          for (List<String> group : groups) {
            result = result.and(solve(task, group, moments.get(group.getFirst()), measure));
          }
        }
        step.forEach(done::addAll);
      }
      start = System.nanoTime();
      advance(task, result.withInputs(task.schemes()), known);
      passing += System.nanoTime() - start;
    }
    return result
        .inOrderOf(task.schemes().keySet())
        .withFigures(Map.of("relative error", measure.error / measure.energy));
  }

  /** The quantized stream goes on with what is known of it. */
  private static void advance(UnitTask task, UnitResult result, KnownOutputs known) {
    if (!known.isKept() || task.unit() instanceof Unit.Head) {
      return;
    }
    PlacedUnit.Place place = new PlacedUnit.Place();
    Unit unit =
        task.unit()
            .with(result)
            .mapWeights(
                (name, weight) ->
                    result.layers().containsKey(name) ? known.of(name, weight, place) : weight);
    task.floats().advance(new PlacedUnit(unit, place, hidden -> {}));
  }

  /** Sums over the layers of a unit. */
  private static final class Measure {
    private double error;
    private double energy;
  }

  private UnitResult solve(
      UnitTask task, List<String> group, StreamMoments moments, Measure measure) {
    Backend backend = task.unit().backend();
    LayerSolver solver =
        new LayerSolver(group.getFirst(), moments.second(), moments.tokens(), options, backend);
    boolean any = moments.width() > 0;
    boolean stream = any && group.size() == 1 && writes(task, group.getFirst());
    int rows = group.stream().mapToInt(name -> task.layer(name).out()).sum();
    // W·C·(H + λI)⁻¹ from the side that is less work.
    Tensor cross = any ? moments.cross() : null;
    Tensor shares = any && !stream && moments.width() <= rows ? solver.overMoments(cross) : null;
    Map<String, QuantizedMatrix> solved = new LinkedHashMap<>();
    for (String name : group) {
      LinearLayer layer = task.layer(name);
      Tensor paid = null;
      if (shares != null) {
        paid = product(layer.weight(), shares, backend);
      } else if (any) {
        paid = solver.overMoments(stream ? cross : product(layer.weight(), cross, backend));
      }
      LayerSolver.Solution solution = solver.solve(layer, paid);
      measure.error += solution.error();
      measure.energy += solver.energy(layer.weight());
      solved.put(name, solution.matrix());
    }
    return UnitResult.of(solved);
  }

  private static boolean writes(UnitTask task, String name) {
    return task.unit().additions().stream().anyMatch(a -> a.name().equals(name));
  }

  /** {@code W·C}. */
  private static Tensor product(Tensor w, Tensor c, Backend backend) {
    int out = w.dim(0);
    int in = w.dim(1);
    Tensor y = Tensor.zeros(out, in);
    backend.matMul().xw(out, in, in, w.data(), 0, in, c.data(), 0, in, y.data(), 0, in, false);
    return y;
  }

  /** The sample once to warm the program, then once for its time. */
  @Override
  public Duration estimate(UnitTask sample, int batches) {
    long took = measure(sample);
    return Duration.ofNanos(passing * batches + took - passing);
  }

  /** What a unit takes, by the same measurement. */
  Budget.Cost cost(UnitTask sample) {
    double fixed = (measure(sample) - passing) / NANOS_OF_A_SECOND;
    return new Budget.Cost(fixed, passing / NANOS_OF_A_SECOND / sample.inputs().count());
  }

  private long measure(UnitTask sample) {
    long took = 0;
    for (int i = 0; i < ESTIMATES; i++) {
      passing = 0;
      long start = System.nanoTime();
      quantize(sample);
      took = System.nanoTime() - start;
    }
    return took;
  }
}

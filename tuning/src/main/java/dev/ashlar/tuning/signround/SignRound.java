package dev.ashlar.tuning.signround;

import dev.ashlar.nn.devicetuning.DeviceTuner;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.autograd.Workspace;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.quant.FloatGrid;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.quant.SuperGrid;
import dev.ashlar.tuning.calibration.BatchOrder;
import dev.ashlar.tuning.layerwise.FloatRounding;
import dev.ashlar.tuning.method.BlockQuantizer;
import dev.ashlar.tuning.method.Method;
import dev.ashlar.tuning.method.TuningException;
import dev.ashlar.tuning.method.TuningHistory;
import dev.ashlar.tuning.method.Unit;
import dev.ashlar.tuning.method.UnitResult;
import dev.ashlar.tuning.method.UnitSize;
import dev.ashlar.tuning.method.UnitTask;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Tunes the rounding of a unit's weights by signed gradient descent (Cheng et al., arXiv
 * 2309.05516, section 3).
 *
 * <p>Each iteration builds ŵ from V, α and β, runs a batch forward and backward against the float
 * unit's outputs, and steps by the signs of the gradients. The parameters that <em>produced</em>
 * the best loss are kept; iteration 0 is plain round-to-nearest, so that the result is never worse
 * by that measure.
 *
 * <p>One object quantizes unit after unit and reuses its buffers; it is not thread-safe.
 */
public final class SignRound implements BlockQuantizer {
  /** How users call it. */
  public static final Method METHOD = new SignRoundMethod();

  /** Name of the figure: layers, of experts that no token chose, which are rounded to nearest. */
  static final String COLD = "layers_without_data";

  /** A cold program computes ten times slower: the estimate warms it, at most for so long… */
  private static final long WARM_NANOS = 8_000_000_000L;

  /** …but for no more than this part of what a unit will take, */
  private static final double WARM_SHARE = 0.5;

  /** and at least for so long, which is nothing beside the start of a program. */
  private static final long WARM_LEAST_NANOS = 100_000_000L;

  private static final int ESTIMATE_ITERATIONS = 3;

  /** Makes the order in which a unit's tuning sees its samples. */
  @FunctionalInterface
  public interface Orders {
    /**
     * @param batch samples of one iteration
     */
    BatchOrder of(UnitTask task, int batch);
  }

  private final SignRoundOptions options;
  private final Orders orders;
  private final Optional<DeviceTuner> device;
  private Tape tape;
  private final Workspace buffers = new Workspace();

  /** Whether the program is warm, for estimates. */
  private boolean warm;

  /** SignRound that sees samples in an order given by the unit's seed. */
  public SignRound(SignRoundOptions options) {
    this(options, Optional.empty());
  }

  /**
   * The same, with blocks tuned on a device. What is no block, the output head, is tuned on the
   * processor, and the task's listener hears of that.
   *
   * @param device empty for the processor
   * @throws IllegalArgumentException if the options are none that devices know
   */
  public SignRound(SignRoundOptions options, Optional<DeviceTuner> device) {
    this(
        options,
        (task, batch) -> BatchOrder.shuffled(task.inputs().count(), batch, task.seed()),
        device);
  }

  /** SignRound that sees samples in an order of the caller's. */
  public SignRound(SignRoundOptions options, Orders orders) {
    this(options, orders, Optional.empty());
  }

  private SignRound(SignRoundOptions options, Orders orders, Optional<DeviceTuner> device) {
    SignRoundVariant v = options.variant();
    if (device.isPresent() && (v.hasMemory() || v.normsAndBiases())) {
      throw new IllegalArgumentException(
          device.get().name()
              + " tunes codes by the signs of gradients: leave out "
              + (v.normsAndBiases() ? "norms and biases" : v.adam() ? "Adam" : "momentum"));
    }
    this.options = options;
    this.orders = orders;
    this.device = device;
  }

  @Override
  public Optional<String> refusal(QuantScheme scheme) {
    if (device.isPresent()
        && (!(scheme instanceof IntegerGrid) || scheme.activations().isPresent())) {
      return Optional.of(
          "tunes integer codes of weights alone on " + device.get().name() + ", not " + scheme);
    }
    return switch (scheme) {
      case FloatGrid small -> FloatRounding.refusal(small);
      case SuperGrid levels -> Optional.empty();
      default -> scheme.beyondIntegerWeights();
    };
  }

  @Override
  public boolean needsInputs() {
    return true;
  }

  @Override
  public boolean needsTargets() {
    return true;
  }

  @Override
  public long workingBytes(UnitSize unit, long tokens) {
    // V, ŵ and its gradient; codes; and a forward whose values wait for their gradients.
    // Steps that remember need the gradient of V, and one memory or Adam's two.
    int more = options.variant().adam() ? 3 : options.variant().momentum() > 0 ? 2 : 0;
    return unit.weights() * ((3 + more) * Float.BYTES + Byte.BYTES) + 2 * unit.passBytes(tokens);
  }

  @Override
  public String describe() {
    return "signround, "
        + options.describe()
        + device.map(d -> ", " + SignRoundMethod.BACKEND + "=" + d.name()).orElse("");
  }

  @Override
  public UnitResult quantize(UnitTask task) {
    if (task.isEmpty()) {
      return UnitResult.of(Map.of());
    }
    try (Tuning tuning = open(task)) {
      TuningHistory history = tune(task, tuning);
      return tuning.result().withHistory(history);
    }
  }

  @Override
  public void release() {
    device.ifPresent(DeviceTuner::release);
  }

  private Tuning open(UnitTask task) {
    if (device.isEmpty()) {
      return begin(task);
    }
    if (task.unit() instanceof Unit.Blocks unit) {
      return new DeviceTuning(task, unit, device.get(), options);
    }
    task.listener()
        .warning(
            task.unit().name()
                + " is tuned on the processor: "
                + device.get().name()
                + " tunes blocks only");
    return begin(task);
  }

  /** A unit with V = 0 and α = β = 1; ends the one that was begun before. */
  UnitTuning begin(UnitTask task) {
    Backend backend = task.unit().backend();
    if (tape == null || tape.backend() != backend) {
      tape = Tape.recording(backend);
    }
    tape.reset();
    buffers.release(0, null);
    return new UnitTuning(task, tape, buffers, options);
  }

  private TuningHistory tune(UnitTask task, Tuning tuning) {
    BatchOrder order = orders.of(task, tuning.batch());
    Selection selection = new Selection(task, tuning);
    List<Double> losses = new ArrayList<>(options.iterations());
    boolean diverged = false;
    for (int i = 0; i < options.iterations() && !diverged; i++) {
      TuningIteration event = new TuningIteration();
      event.begin();
      tuning.build();
      double loss = tuning.run(order.next(), true);
      requireFirst(task, i, loss);
      losses.add(loss);
      diverged = !Double.isFinite(loss);
      if (!diverged) {
        if (selection.improves(i, loss)) {
          tuning.keep();
        }
        tuning.step(options, i);
      }
      report(event, task, i, loss);
      if (selection.exhausted(i)) {
        break;
      }
    }
    return new TuningHistory(losses, selection.bestIteration, selection.best, diverged);
  }

  private static void requireFirst(UnitTask task, int iteration, double loss) {
    if (iteration == 0 && !Double.isFinite(loss)) {
      throw new TuningException(
          task.unit().name(), "the output with round-to-nearest weights is not finite");
    }
  }

  private void report(TuningIteration event, UnitTask task, int i, double loss) {
    event.end();
    if (event.shouldCommit()) {
      event.unit = task.index();
      event.iteration = i;
      event.loss = loss;
      event.commit();
    }
    task.listener().iteration(i, options.iterations(), loss);
  }

  /** Decides which iteration is kept. */
  private final class Selection {
    private final Tuning tuning;
    private final int[] holdout;
    private double best = Double.POSITIVE_INFINITY;
    private int bestIteration;

    Selection(UnitTask task, Tuning tuning) {
      this.tuning = tuning;
      int count = Math.min(options.holdoutSamples(), task.inputs().count());
      this.holdout = IntStream.range(0, count).toArray();
    }

    /** Whether iteration {@code i} is to be kept; judged before its step. */
    boolean improves(int i, double loss) {
      boolean last = i == options.iterations() - 1;
      if (!options.keepBest()) {
        best = last ? loss : best;
        bestIteration = last ? i : bestIteration;
        return last;
      }
      double judged = loss;
      if (options.holdoutEvery() > 0) {
        if (i % options.holdoutEvery() != 0 && !last) {
          return false;
        }
        judged = tuning.run(holdout, false);
      }
      if (!(judged < best)) {
        return false;
      }
      best = judged;
      bestIteration = i;
      return true;
    }

    boolean exhausted(int i) {
      return options.dynamicMaxGap() > 0 && i - bestIteration >= options.dynamicMaxGap();
    }
  }

  /**
   * {@inheritDoc}
   *
   * <p>The program is warmed with single samples, which are as good for the compiler as whole
   * batches; then a few iterations are timed, of which the fastest counts.
   */
  @Override
  public Duration estimate(UnitTask sample, int batches) {
    if (sample.isEmpty()) {
      return Duration.ZERO;
    }
    try (Tuning tuning = open(sample)) {
      return estimate(tuning);
    }
  }

  private Duration estimate(Tuning tuning) {
    int[] rows = IntStream.range(0, tuning.batch()).toArray();
    if (!warm) {
      warm(tuning, rows.length);
      warm = true;
    }
    long start = System.nanoTime();
    long fastest = Long.MAX_VALUE;
    for (int i = 0; i < Math.min(ESTIMATE_ITERATIONS, options.iterations()); i++) {
      fastest = Math.min(fastest, timed(tuning, rows));
      if (System.nanoTime() - start > WARM_NANOS / 2) {
        break;
      }
    }
    return Duration.ofNanos(fastest * options.iterations());
  }

  private void warm(Tuning tuning, int batch) {
    int[] one = {0};
    long start = System.nanoTime();
    long fastest = Long.MAX_VALUE;
    double budget;
    do {
      fastest = Math.min(fastest, timed(tuning, one));
      double unit = WARM_SHARE * fastest * batch * options.iterations();
      budget = Math.clamp(unit, WARM_LEAST_NANOS, WARM_NANOS);
    } while (System.nanoTime() - start + fastest < budget);
  }

  private long timed(Tuning tuning, int[] rows) {
    long before = System.nanoTime();
    tuning.build();
    tuning.run(rows, true);
    tuning.step(options, 0);
    return System.nanoTime() - before;
  }
}

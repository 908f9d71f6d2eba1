package dev.ashlar.tuning.finish;

import dev.ashlar.nn.decoder.BlockContext;
import dev.ashlar.nn.decoder.BlockSpec;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.nn.decoder.NormSpec;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.autograd.Workspace;
import dev.ashlar.tuning.calibration.BatchOrder;
import dev.ashlar.tuning.method.Activations;
import dev.ashlar.tuning.method.Finish;
import dev.ashlar.tuning.method.FinishResult;
import dev.ashlar.tuning.method.FinishTask;
import dev.ashlar.tuning.method.Unit;
import dev.ashlar.tuning.method.UnitResult;
import dev.ashlar.tuning.method.UnitSize;
import dev.ashlar.tuning.walk.ActivationStore;
import dev.ashlar.tuning.walk.BlockInputs;
import dev.ashlar.tuning.walk.BlockWalk;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * Tunes scales and norm weights of a quantized model by {@code KL(float ‖ quantized)} of the
 * logits, if wanted with a share of the text's own next tokens; codes stay. It works on samples
 * that the units have not seen: on those that they were solved on the error is already small, and
 * what is left of it is noise.
 *
 * <p>Each step goes forward through all units, keeping only what flows into each, and back through
 * them from the last, each run once more; a unit steps as soon as its gradients are there, so that
 * floats and gradients of one unit are in memory at a time. As many units as there is memory to
 * spare for keep what they computed instead, which takes a fifth off a step and changes no bit.
 *
 * <p>The result is kept if it lowers the loss on held-out samples.
 */
public final class EndToEnd implements Finish {
  private final EndToEndOptions options;

  /** Tuning with these options. */
  public EndToEnd(EndToEndOptions options) {
    this.options = options;
  }

  /** Forward, forward again where nothing is kept, and back, which is two products for one. */
  private static final int PASSES_OF_A_STEP = 4;

  @Override
  public double samplePasses(int samples, int streamed) {
    int fresh = samples - streamed;
    int held = heldOut(fresh);
    if (held == 0) {
      return 0;
    }
    int batch = Math.min(options.batch(), fresh - held);
    double stepped = (double) options.steps() * batch;
    return Math.min(fresh - held, stepped) + 3.0 * held + PASSES_OF_A_STEP * stepped;
  }

  /** Samples of {@code fresh} that decide; none where nothing can be tuned. */
  private int heldOut(int fresh) {
    return fresh < 2 || options.steps() == 0 ? 0 : Math.min(options.heldOut(), fresh - 1);
  }

  @Override
  public long workingBytes(UnitSize unit, DecoderSpec model, int length) {
    // What flows into each block; floats of one unit and their gradients, and a forward of it whose
    // values wait for theirs; logits of both models, of some rows.
    long tokens = (long) options.batch() * length;
    long states = (model.blocks().size() + 2L) * tokens * unit.dim() * Float.BYTES;
    long logits = TunedHead.workingBytes(model.vocab());
    return states + logits + 2 * unit.floatBytes() + 2 * unit.passBytes(tokens);
  }

  @Override
  public FinishResult run(FinishTask task) {
    int fresh = task.samples().size() - task.streamed();
    int held = heldOut(fresh);
    FinishResult unchanged =
        new FinishResult(
            task.parts().stream().map(FinishTask.Part::result).toList(), UnitResult.of(Map.of()));
    if (held == 0) {
      task.limit().ifPresent(l -> l.steps().accept(0));
      return unchanged;
    }
    Drawn drawn = Drawn.of(fresh - held, options, task);
    List<int[]> samples =
        drawn.samples(task.samples().subList(task.streamed(), task.samples().size()), held);
    StepClock clock = StepClock.of(task.limit(), options.steps());
    try (Activations teacher = teacher(task, samples)) {
      Run run = new Run(task, samples, teacher);
      int count = samples.size() - held;
      long measuring = System.nanoTime();
      DistillationLoss.Sums before = run.loss(count, held);
      clock.reserve(System.nanoTime() - measuring);
      run.tune(drawn.order(), clock);
      DistillationLoss.Sums after = clock.steps() == 0 ? before : run.loss(count, held);
      Map<String, Double> figures = new LinkedHashMap<>();
      figures.put("held-out KL before", before.divergence());
      figures.put("held-out KL after", after.divergence());
      if (options.labels() > 0) {
        figures.put("held-out loss before", before.loss());
        figures.put("held-out loss after", after.loss());
      }
      // A sum that is no longer a number is not below anything.
      return after.loss() < before.loss()
          ? run.result(figures)
          : new FinishResult(unchanged.parts(), unchanged.rest().withFigures(figures));
    }
  }

  /** What the float model has behind its last block. */
  private static Activations teacher(FinishTask task, List<int[]> samples) {
    BlockWalk walk = new BlockWalk(task.batchSize(), BlockWalk.Check.NONE);
    int length = samples.getFirst().length;
    Activations states =
        walk.embed(
            task.model(),
            samples.size(),
            length,
            (first, count) -> ids(samples, range(first, count)),
            ActivationStore.heap());
    for (FinishTask.Part part : task.parts()) {
      if (!part.head()) {
        Unit unit = part.load().get();
        walk.pass(unit, states, states, unit.name());
      }
    }
    return states;
  }

  static int[] range(int first, int count) {
    int[] rows = new int[count];
    Arrays.setAll(rows, i -> first + i);
    return rows;
  }

  private static int[] ids(List<int[]> samples, int[] rows) {
    int length = samples.getFirst().length;
    int[] ids = new int[rows.length * length];
    for (int i = 0; i < rows.length; i++) {
      System.arraycopy(samples.get(rows[i]), 0, ids, i * length, length);
    }
    return ids;
  }

  /** Complete names of norm weights. */
  private static Predicate<String> normWeights(DecoderSpec spec) {
    List<String> modules = new ArrayList<>();
    for (BlockSpec block : spec.blocks()) {
      block.norms().forEach(n -> modules.add(block.name() + "." + n.name() + "."));
    }
    spec.head().norm().map(NormSpec::name).ifPresent(n -> modules.add(n + "."));
    return name -> name.endsWith(".weight") && modules.stream().anyMatch(name::startsWith);
  }

  /** One tuning. */
  private final class Run {
    private final FinishTask task;
    private final List<int[]> samples;
    private final Activations teacher;
    private final Decoder model;
    private final List<TunedUnit> units = new ArrayList<>();
    private final TunedHead head;
    private final Tape off;
    private final float normRate;

    /** What flows into each unit, and out of the last. */
    private final BlockInputs states;

    Run(FinishTask task, List<int[]> samples, Activations teacher) {
      this.task = task;
      this.samples = samples;
      this.teacher = teacher;
      this.model = task.model();
      this.off = Tape.off(model.backend());
      Predicate<String> norm = normWeights(model.spec());
      TunedUnit.Shared shared =
          new TunedUnit.Shared(new Workspace(), new Workspace(), Tape.recording(model.backend()));
      Decoder present = model;
      int bits = Integer.MAX_VALUE;
      for (FinishTask.Part part : task.parts()) {
        if (part.head()) {
          present = ((Unit.Head) part.load().get().with(part.result())).decoder();
        } else {
          TunedUnit unit = new TunedUnit(part, norm, shared);
          bits = Math.min(bits, unit.fewestBits());
          units.add(unit);
        }
      }
      this.head = new TunedHead(model, present, norm, options.labels());
      this.normRate = options.normRate(bits);
      this.states = new BlockInputs(units.size());
      spend(task.spareBytes() / 2);
    }

    /** Has units keep what they compute, as long as there is memory for it. */
    private void spend(long bytes) {
      long tokens = (long) options.batch() * samples.getFirst().length;
      long left = bytes;
      for (TunedUnit unit : units) {
        left -= unit.keptBytes(tokens, model.spec().dim());
        if (left < 0) {
          return;
        }
        unit.keep();
      }
    }

    /** Mean loss of some samples. */
    DistillationLoss.Sums loss(int first, int count) {
      DistillationLoss.Sums sums = DistillationLoss.Sums.NONE;
      int batch = Math.min(options.batch(), count);
      for (int at = 0; at < count; at += batch) {
        int[] rows = range(first + at, Math.min(batch, count - at));
        sums = sums.plus(head.loss(forward(rows, false), target(rows), next(rows), null));
      }
      return sums.over((double) count * samples.getFirst().length);
    }

    /** The token behind each of some samples. */
    private int[] next(int[] rows) {
      int length = samples.getFirst().length;
      int[] tokens = ids(samples, rows);
      int[] next = new int[tokens.length];
      for (int i = 0; i < next.length; i++) {
        next[i] = (i + 1) % length == 0 ? DistillationLoss.NOTHING : tokens[i + 1];
      }
      return next;
    }

    /** Tunes on the first samples. */
    void tune(BatchOrder order, StepClock clock) {
      for (int i = 0; clock.next(i); i++) {
        double loss = step(order.next(), new TunedUnit.Rates(clock.share(i), normRate));
        task.listener().iteration(i, clock.steps(), loss);
        if (!Double.isFinite(loss)) {
          clock.settle();
          return;
        }
      }
    }

    private double step(int[] rows, TunedUnit.Rates rates) {
      Tensor hidden = forward(rows, true);
      Tensor d = Tensor.zeros(hidden.shape());
      double sum = head.loss(hidden, target(rows), next(rows), d).loss();
      head.step(rates.norms() * rates.share());
      BlockContext context = BlockContext.of(rows.length, samples.getFirst().length);
      for (int i = units.size() - 1; i >= 0; i--) {
        Tensor back = units.get(i).back(d, context, options, rates);
        System.arraycopy(back.data(), 0, d.data(), 0, d.size());
      }
      return sum / hidden.rows();
    }

    /**
     * The hidden states behind the last unit.
     *
     * @param recorded whether gradients will come back
     */
    private Tensor forward(int[] rows, boolean recorded) {
      int length = samples.getFirst().length;
      BlockContext context = BlockContext.of(rows.length, length);
      off.reset();
      Tensor x = model.embed(ids(samples, rows), context, off);
      for (int i = 0; i <= units.size(); i++) {
        Tensor kept = states.keep(i, x, rows.length, length);
        off.reset();
        if (i < units.size()) {
          TunedUnit unit = units.get(i);
          x = recorded ? unit.pass(kept, context) : unit.forward(kept, context, off);
        }
      }
      return states.last();
    }

    private Tensor target(int[] rows) {
      Tensor t = Tensor.zeros(rows.length, teacher.length(), teacher.dim());
      teacher.gather(rows, 0, rows.length, t);
      return t;
    }

    FinishResult result(Map<String, Double> figures) {
      List<UnitResult> parts = new ArrayList<>();
      int at = 0;
      for (FinishTask.Part part : task.parts()) {
        parts.add(part.head() ? part.result() : units.get(at++).result());
      }
      return new FinishResult(parts, head.result().withFigures(figures));
    }
  }
}

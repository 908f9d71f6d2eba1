package dev.ashlar.tornado.tuner;

import dev.ashlar.nn.devicetuning.DeviceTuner;
import dev.ashlar.nn.devicetuning.TuningJob;
import dev.ashlar.nn.devicetuning.TuningSession;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.kernel.FakeQuantKernel;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Steps of SignRound by a teacher, some of which a pupil does too, from the teacher's state and
 * with its samples. A whole run parts from another for good once the sign of one gradient next to
 * nothing differs; how often that happens in a step is a property of what computes it.
 */
final class TeacherForcing implements DeviceTuner {
  /**
   * Below it rounding may decide: parts of the root of the mean square of a matrix's gradients of
   * V. What they are gradients of is a difference of outputs that are much larger than it.
   */
  static final double FLOOR = 1e-4;

  private final ProcessorTuner teacher;
  private final DeviceTuner pupil;
  private final Set<Integer> iterations;
  private final List<Step> steps = new ArrayList<>();

  /**
   * @param iterations those that the pupil does too, from 0
   */
  TeacherForcing(ProcessorTuner teacher, DeviceTuner pupil, Set<Integer> iterations) {
    this.teacher = teacher;
    this.pupil = pupil;
    this.iterations = iterations;
  }

  /** Of how many, how many are the same. */
  record Share(long same, long all) {
    double part() {
      return (double) same / all;
    }

    Share plus(Share other) {
      return new Share(same + other.same, all + other.all);
    }

    static Share of(float[] a, float[] b) {
      long same = 0;
      for (int i = 0; i < a.length; i++) {
        same += a[i] == b[i] ? 1 : 0;
      }
      return new Share(same, a.length);
    }

    @Override
    public String toString() {
      return String.format(Locale.ROOT, "%.4f %% of %d", 100 * part(), all);
    }
  }

  /**
   * A step that both did from one state.
   *
   * @param loss of the pupil less the teacher's, in parts of the teacher's
   * @param clear steps of V where the gradient is above {@link #FLOOR}
   * @param values all steps of V
   * @param ranges steps of α and β
   * @param codes that the parameters behind the step give
   */
  record Step(int iteration, double loss, Share clear, Share values, Share ranges, Share codes) {}

  List<Step> steps() {
    return steps;
  }

  @Override
  public String name() {
    return pupil.name();
  }

  @Override
  public Optional<String> refusal(TuningJob job) {
    return pupil.refusal(job);
  }

  /** A run of the teacher's. */
  private record Run(int[] samples, TuningSession.Gradients gradients, float scale, double loss) {}

  @Override
  public TuningSession begin(TuningJob job) {
    ProcessorTuner.Session session = teacher.begin(job);
    List<Run> runs = new ArrayList<>();
    return new TuningSession() {
      @Override
      public double squaredError(int[] samples, Gradients gradients, float scale) {
        if (gradients == Gradients.WRITE) {
          runs.clear();
        }
        double loss = session.squaredError(samples, gradients, scale);
        if (gradients != Gradients.NONE) {
          runs.add(new Run(samples.clone(), gradients, scale, loss));
        }
        return loss;
      }

      @Override
      public void keep() {
        session.keep();
      }

      @Override
      public void step(int iteration) {
        if (!iterations.contains(iteration)) {
          session.step(iteration);
          return;
        }
        Map<String, FakeQuantKernel.Parameters> before = session.parameters();
        Map<String, float[]> gradients = session.gradients();
        session.step(iteration);
        steps.add(compared(job, iteration, before, gradients, session.parameters(), runs));
      }

      @Override
      public Map<String, FakeQuantKernel.Parameters> kept() {
        return session.kept();
      }

      @Override
      public void close() {
        session.close();
      }
    };
  }

  private Step compared(
      TuningJob job,
      int iteration,
      Map<String, FakeQuantKernel.Parameters> before,
      Map<String, float[]> gradients,
      Map<String, FakeQuantKernel.Parameters> after,
      List<Run> runs) {
    double expected = 0;
    double found = 0;
    Map<String, FakeQuantKernel.Parameters> theirs;
    try (TuningSession session = pupil.begin(from(job, before))) {
      for (Run r : runs) {
        expected += r.loss();
        found += session.squaredError(r.samples(), r.gradients(), r.scale());
      }
      session.step(iteration);
      // A run of nothing does the step; only then can its result be kept.
      session.squaredError(new int[0], TuningSession.Gradients.NONE, 0);
      session.keep();
      theirs = session.kept();
    }
    Share none = new Share(0, 0);
    Share clear = none;
    Share values = none;
    Share ranges = none;
    Share codes = none;
    for (Map.Entry<String, FakeQuantKernel.Parameters> e : after.entrySet()) {
      FakeQuantKernel.Parameters a = e.getValue();
      FakeQuantKernel.Parameters b = theirs.get(e.getKey());
      // Codes are made first, since that clamps the multipliers, which the pupil's have been.
      codes = codes.plus(Share.of(codes(a), codes(b)));
      clear = clear.plus(clear(gradients.get(e.getKey()), a.value(), b.value()));
      values = values.plus(Share.of(a.value(), b.value()));
      if (job.matrices().get(e.getKey()).ranges()) {
        ranges = ranges.plus(Share.of(a.minScale(), b.minScale()));
        ranges = ranges.plus(Share.of(a.maxScale(), b.maxScale()));
      }
    }
    return new Step(iteration, found / expected - 1, clear, values, ranges, codes);
  }

  /** The same block, begun with other parameters. */
  private static TuningJob from(TuningJob job, Map<String, FakeQuantKernel.Parameters> start) {
    Map<String, TuningJob.Matrix> matrices = new LinkedHashMap<>();
    job.matrices()
        .forEach(
            (name, m) ->
                matrices.put(
                    name,
                    new TuningJob.Matrix(start.get(name), m.ranges(), m.steps(), m.rangeSteps())));
    return new TuningJob(
        job.block(),
        matrices,
        job.inputs(),
        job.targets(),
        job.counted(),
        job.length(),
        job.dim(),
        job.micro(),
        job.clampV());
  }

  private static Share clear(float[] gradient, float[] a, float[] b) {
    double squares = 0;
    for (float g : gradient) {
      squares += (double) g * g;
    }
    double floor = FLOOR * Math.sqrt(squares / gradient.length);
    long same = 0;
    long all = 0;
    for (int i = 0; i < a.length; i++) {
      if (Math.abs(gradient[i]) > floor) {
        all++;
        same += a[i] == b[i] ? 1 : 0;
      }
    }
    return new Share(same, all);
  }

  /** The codes, with the multipliers clamped in place. */
  private static float[] codes(FakeQuantKernel.Parameters p) {
    byte[] codes = new byte[p.out() * p.in()];
    float[] scales = new float[p.wMin().length];
    byte[] zeros = new byte[scales.length];
    Backends.chosen().fakeQuant().forward(p, 0, p.out(), null, codes, scales, zeros);
    float[] all = new float[codes.length];
    for (int i = 0; i < all.length; i++) {
      all[i] = codes[i];
    }
    return all;
  }
}

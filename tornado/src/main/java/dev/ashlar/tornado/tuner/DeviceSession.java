package dev.ashlar.tornado.tuner;

import dev.ashlar.nn.devicetuning.TuningJob;
import dev.ashlar.nn.devicetuning.TuningSession;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.kernel.FakeQuantKernel;
import dev.ashlar.tornado.graph.Plan;
import dev.ashlar.tornado.graph.Tasks;
import dev.ashlar.tornado.kernel.DeviceBatch;
import dev.ashlar.tornado.kernel.DeviceGradients;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** One block under tuning on the device, and the plan that runs its iterations. */
final class DeviceSession implements TuningSession {
  /** Graphs that are alive at a time have different names. */
  private static final AtomicInteger COUNT = new AtomicInteger();

  /** A place of the batch that nobody has. */
  private static final int EMPTY = -1;

  /** Steps of matrices with equal schedules, and the two of the next execution. */
  private record Rates(float[] steps, float[] rangeSteps, FloatArray next) {}

  private final TuningJob job;
  private final Map<String, TunedMap> tuned;
  private final List<Rates> rates = new ArrayList<>();
  private final IntArray batch;
  private final IntArray mode = IntArray.fromArray(new int[1]);
  private final IntArray keep = IntArray.fromArray(new int[1]);
  private final FloatArray scale = FloatArray.fromArray(new float[1]);
  private final FloatArray sums;
  private final Plan plan;

  DeviceSession(TuningJob job) {
    this.job = job;
    int rows = Math.multiplyExact(job.micro(), job.length());
    Tasks tasks = new Tasks("tuning" + COUNT.getAndIncrement(), false);
    batch = IntArray.fromArray(new int[job.micro()]);
    sums = FloatArray.fromArray(new float[rows]);
    TunedBlock block = new TunedBlock(tasks, job, rows);
    tuned = block.tuned();
    tuned.forEach(
        (name, map) -> map.addStep(tasks, keep, rates(job.matrices().get(name)), job.clampV()));
    int length = job.length();
    int dim = job.dim();
    FloatArray inputs = tasks.stays(samples(job.inputs()));
    FloatArray targets = tasks.stays(samples(job.targets()));
    IntArray counted = tasks.stays(counted());
    FloatArray x = tasks.zeros(rows * dim);
    FloatArray y = tasks.zeros(rows * dim);
    FloatArray dy = tasks.zeros(rows * dim);
    tasks.add((g, id) -> g.task(id, DeviceBatch::gather, inputs, batch, x, rows, length, dim));
    block.addForward(x, y);
    tasks.add(
        (g, id) ->
            g.task(
                id,
                DeviceBatch::squaredError,
                y,
                targets,
                counted,
                batch,
                scale,
                sums,
                dy,
                rows,
                length,
                dim));
    block.addBackward(x, dy, mode);
    List.of(batch, mode, keep, scale).forEach(tasks::send);
    rates.forEach(r -> tasks.send(r.next()));
    tasks.stays(sums);
    tasks.bringBack(sums);
    best().forEach(tasks::bringWhenAsked);
    plan = tasks.plan();
  }

  private FloatArray rates(TuningJob.Matrix m) {
    float[] ranges = m.ranges() ? m.rangeSteps() : new float[m.steps().length];
    for (Rates r : rates) {
      if (Arrays.equals(r.steps(), m.steps()) && Arrays.equals(r.rangeSteps(), ranges)) {
        return r.next();
      }
    }
    Rates own = new Rates(m.steps(), ranges, FloatArray.fromArray(new float[2]));
    rates.add(own);
    return own.next();
  }

  private FloatArray samples(TuningJob.Samples samples) {
    int size = Math.multiplyExact(job.length(), job.dim());
    FloatArray all = new FloatArray(Math.multiplyExact(job.samples(), size));
    Tensor one = Tensor.zeros(1, job.length(), job.dim());
    for (int s = 0; s < job.samples(); s++) {
      samples.read(s, one);
      for (int i = 0; i < size; i++) {
        all.set(s * size + i, one.data()[i]);
      }
    }
    return all;
  }

  private IntArray counted() {
    int length = job.length();
    int[] flags = new int[job.samples() * length];
    for (int i = 0; i < flags.length; i++) {
      flags[i] = job.counted()[i / length][i % length] ? 1 : 0;
    }
    return IntArray.fromArray(flags);
  }

  private List<Object> best() {
    return tuned.values().stream().flatMap(m -> m.best().stream()).toList();
  }

  @Override
  public double squaredError(int[] samples, Gradients gradients, float factor) {
    if (samples.length > job.micro()) {
      throw new IllegalArgumentException(samples.length + " samples for " + job.micro());
    }
    for (int b = 0; b < job.micro(); b++) {
      batch.set(b, b < samples.length ? samples[b] : EMPTY);
    }
    mode.set(
        0,
        switch (gradients) {
          case NONE -> DeviceGradients.KEEP;
          case WRITE -> DeviceGradients.WRITE;
          case ADD -> DeviceGradients.ADD;
        });
    scale.set(0, factor);
    execute();
    double sum = 0;
    for (int r = 0; r < samples.length * job.length(); r++) {
      sum += sums.get(r);
    }
    return sum;
  }

  /** Runs the graph; what was asked for meanwhile is done then. */
  private void execute() {
    plan.run();
    keep.set(0, 0);
    rates.forEach(r -> r.next().init(0));
  }

  @Override
  public void keep() {
    if (rates.stream().anyMatch(r -> r.next().get(0) != 0)) {
      throw new IllegalStateException("parameters are kept before they step");
    }
    keep.set(0, 1);
  }

  @Override
  public void step(int iteration) {
    for (Rates r : rates) {
      r.next().set(0, r.steps()[iteration]);
      r.next().set(1, r.rangeSteps()[iteration]);
    }
  }

  @Override
  public Map<String, FakeQuantKernel.Parameters> kept() {
    // An execution of no samples, which does what waits.
    for (int b = 0; b < job.micro(); b++) {
      batch.set(b, EMPTY);
    }
    mode.set(0, DeviceGradients.KEEP);
    execute();
    plan.bring(best().toArray());
    Map<String, FakeQuantKernel.Parameters> kept = new LinkedHashMap<>();
    tuned.forEach((name, map) -> kept.put(name, map.kept()));
    return kept;
  }

  @Override
  public void close() {
    plan.close();
  }
}

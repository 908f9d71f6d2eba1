package dev.ashlar.tornado.tuner;

import dev.ashlar.nn.devicetuning.TuningJob;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.kernel.FakeQuantKernel;
import dev.ashlar.tornado.graph.Plan;
import dev.ashlar.tornado.graph.Tasks;
import dev.ashlar.tornado.kernel.DeviceBatch;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The iteration of blocks of one shape: a graph that is compiled once, and the arrays that each
 * block fills anew. What one run decides the next one does first.
 */
final class TuningGraph {
  /** Graphs that are alive at a time have different names. */
  private static final AtomicInteger COUNT = new AtomicInteger();

  /** A place of the batch that nobody has. */
  private static final int EMPTY = -1;

  /** Steps of matrices with equal schedules, and the two of the next run. */
  private record Rates(float[] steps, float[] rangeSteps, FloatArray next) {}

  private final BlockShape shape;
  private final Loads loads;
  private final Map<String, TunedMap> tuned;
  private final List<Rates> rates = new ArrayList<>();
  private final IntArray batch;
  private final IntArray mode = IntArray.fromArray(new int[1]);
  private final IntArray keep = IntArray.fromArray(new int[1]);
  private final FloatArray scale = FloatArray.fromArray(new float[1]);
  private final FloatArray sums;
  private final Plan plan;
  private boolean failed;

  /**
   * @param job of which others may be loaded that have its shape; is not loaded yet
   * @param groups whether products are by groups
   */
  TuningGraph(TuningJob job, boolean groups) {
    shape = BlockShape.of(job);
    int rows = Math.multiplyExact(job.micro(), job.length());
    Tasks tasks = new Tasks("tuning" + COUNT.getAndIncrement(), groups);
    loads = new Loads(tasks);
    batch = IntArray.fromArray(new int[job.micro()]);
    sums = tasks.zeros(rows);
    TunedBlock block = new TunedBlock(tasks, loads, job, rows);
    tuned = block.tuned();
    tuned.forEach(
        (name, map) -> map.addStep(tasks, keep, rates(job.matrices().get(name)), job.clampV()));
    int length = job.length();
    int dim = job.dim();
    FloatArray inputs = samples(TuningJob::inputs);
    FloatArray targets = samples(TuningJob::targets);
    IntArray counted =
        loads.array(
            new IntArray(Math.multiplyExact(job.samples(), length)), TuningGraph::fillCounted);
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

  private FloatArray samples(Function<TuningJob, TuningJob.Samples> which) {
    int size = Math.multiplyExact(shape.length(), shape.dim());
    return loads.array(
        new FloatArray(Math.multiplyExact(shape.samples(), size)),
        (all, values) -> {
          Tensor one = Tensor.zeros(1, shape.length(), shape.dim());
          for (int s = 0; s < shape.samples(); s++) {
            which.apply(values.job()).read(s, one);
            for (int i = 0; i < size; i++) {
              all.set(s * size + i, one.data()[i]);
            }
          }
        });
  }

  private static void fillCounted(IntArray flags, BlockValues values) {
    TuningJob job = values.job();
    for (int i = 0; i < flags.getSize(); i++) {
      flags.set(i, job.counted()[i / job.length()][i % job.length()] ? 1 : 0);
    }
  }

  private List<Object> best() {
    return tuned.values().stream().flatMap(m -> m.best().stream()).toList();
  }

  BlockShape shape() {
    return shape;
  }

  /** Whether a run failed, after which nobody knows what the device holds. */
  boolean hasFailed() {
    return failed;
  }

  /** Brings a block to the device, with the parameters that it begins with kept. */
  void load(TuningJob job) {
    loads.fill(BlockValues.of(job));
    doNothing();
    keepNext();
    failed = true;
    plan.load();
    failed = false;
  }

  private void doNothing() {
    keep.set(0, 0);
    rates.forEach(r -> r.next().init(0));
  }

  /** Has the next run keep the parameters before it steps. */
  void keepNext() {
    keep.set(0, 1);
  }

  /** Has the next run step first. */
  void stepNext(int iteration) {
    for (Rates r : rates) {
      r.next().set(0, r.steps()[iteration]);
      r.next().set(1, r.rangeSteps()[iteration]);
    }
  }

  /** Whether the next run steps first. */
  boolean steps() {
    return rates.stream().anyMatch(r -> r.next().get(0) != 0);
  }

  /**
   * Does what waits, then an iteration.
   *
   * @param samples as many as a micro-batch has, at most
   * @param gradients what becomes of them, as {@code DeviceGradients} counts
   * @return the squared error of the samples
   */
  double run(int[] samples, int gradients, float factor) {
    for (int b = 0; b < shape.micro(); b++) {
      batch.set(b, b < samples.length ? samples[b] : EMPTY);
    }
    mode.set(0, gradients);
    scale.set(0, factor);
    failed = true;
    plan.run();
    failed = false;
    doNothing();
    double sum = 0;
    for (int r = 0; r < samples.length * shape.length(); r++) {
      sum += sums.get(r);
    }
    return sum;
  }

  /** What was kept by a run. */
  Map<String, FakeQuantKernel.Parameters> kept(TuningJob job) {
    plan.bring(best().toArray());
    Map<String, FakeQuantKernel.Parameters> kept = new LinkedHashMap<>();
    tuned.forEach((name, map) -> kept.put(name, map.kept(job.matrices().get(name).parameters())));
    return kept;
  }

  /** Frees the device's memory. */
  void close() {
    plan.close();
  }
}

package dev.ashlar.tornado.tuner;

import dev.ashlar.nn.decoder.BlockSpec;
import dev.ashlar.nn.decoder.LinearSpec;
import dev.ashlar.nn.decoder.NormSpec;
import dev.ashlar.nn.decoder.ResidualSpec;
import dev.ashlar.nn.devicetuning.TuningJob;
import dev.ashlar.tornado.graph.Tasks;
import dev.ashlar.tornado.kernel.DeviceGradients;
import dev.ashlar.tornado.kernel.DeviceRows;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * A block with its halves one behind the other: {@code x += s · after(f(before(x)))} for attention
 * and feed-forward.
 */
final class TunedBlock {
  /** The norms of a half, or null, and what passed them. */
  private record Half(TunedNorm before, TunedNorm after, FloatArray normed, FloatArray put) {}

  private final Tasks tasks;
  private final int rows;
  private final int dim;
  private final float multiplier;
  private final Map<String, TunedMap> tuned = new LinkedHashMap<>();
  private final TunedAttention attention;
  private final TunedFeedForward feedForward;
  private final Half first;
  private final Half second;
  private final FloatArray between;
  private final FloatArray passing;

  /**
   * @param job a block's, of whom every other has the shape
   * @param rows tokens of a micro-batch
   */
  TunedBlock(Tasks tasks, Loads loads, TuningJob job, int rows) {
    this.tasks = tasks;
    this.rows = rows;
    this.dim = job.dim();
    BlockSpec spec = job.block().spec().orElseThrow();
    ResidualSpec.Sequential order = (ResidualSpec.Sequential) spec.residual();
    multiplier = order.multiplier();
    Function<LinearSpec, TunedMap> maps = map -> map(map, job, loads);
    attention = new TunedAttention(tasks, spec.attention(), loads, maps, rows, job.length());
    feedForward = new TunedFeedForward(tasks, spec.feedForward(), maps, rows);
    first = half(order.beforeAttention(), order.afterAttention(), loads);
    second = half(order.beforeFeedForward(), order.afterFeedForward(), loads);
    between = tasks.zeros(rows * dim);
    passing = first.after() == null && second.after() == null ? null : tasks.zeros(rows * dim);
  }

  private TunedMap map(LinearSpec spec, TuningJob job, Loads loads) {
    TuningJob.Matrix matrix = job.matrices().get(spec.name());
    TunedMap map = new TunedMap(tasks, loads, spec, matrix == null ? null : matrix.parameters());
    if (matrix != null) {
      tuned.put(spec.name(), map);
    }
    return map;
  }

  private Half half(Optional<NormSpec> before, Optional<NormSpec> after, Loads loads) {
    return new Half(
        before.map(n -> TunedNorm.of(loads, n)).orElse(null),
        after.map(n -> TunedNorm.of(loads, n)).orElse(null),
        before.isPresent() ? tasks.zeros(rows * dim) : null,
        tasks.zeros(rows * dim));
  }

  /** The maps under tuning by name. */
  Map<String, TunedMap> tuned() {
    return tuned;
  }

  /** {@code y = block(x)}, all {@code [rows, dim]}. */
  void addForward(FloatArray x, FloatArray y) {
    attention.addForward(normed(x, first), first.put());
    join(x, first, between);
    feedForward.addForward(normed(between, second), second.put());
    join(between, second, y);
  }

  private FloatArray normed(FloatArray x, Half half) {
    if (half.before() == null) {
      return x;
    }
    half.before().addForward(tasks, x, half.normed(), rows);
    return half.normed();
  }

  private void join(FloatArray x, Half half, FloatArray y) {
    FloatArray put = half.put();
    if (half.after() != null) {
      half.after().addForward(tasks, put, passing, rows);
      put = passing;
    }
    FloatArray added = put;
    int n = rows * dim;
    tasks.add((g, id) -> g.task(id, DeviceRows::add, x, added, y, n, multiplier));
  }

  /**
   * The gradients of the maps under tuning.
   *
   * @param x the input, as {@link #addForward} had it
   * @param dy the gradient of the output; is overwritten
   * @param mode what becomes of the gradients
   */
  void addBackward(FloatArray x, FloatArray dy, IntArray mode) {
    FloatArray dx = tasks.zeros(rows * dim);
    FloatArray in = second.before() == null ? between : second.normed();
    feedForward.addBackward(in, ofPut(dy, second), dx, mode);
    if (second.before() == null) {
      int n = rows * dim;
      tasks.add((g, id) -> g.task(id, DeviceRows::add, dy, dx, dy, n, 1f));
    } else {
      second.before().addBackward(tasks, between, dx, dy, rows, true);
    }
    attention.addBackward(first.before() == null ? x : first.normed(), ofPut(dy, first), mode);
  }

  /** The gradient of what a half puts out, before its norm and the multiplier. */
  private FloatArray ofPut(FloatArray dy, Half half) {
    if (multiplier == 1 && half.after() == null) {
      return dy;
    }
    FloatArray d = tasks.zeros(rows * dim);
    int n = rows * dim;
    tasks.add((g, id) -> g.task(id, DeviceGradients::scaled, dy, d, n, multiplier));
    if (half.after() != null) {
      half.after().addBackward(tasks, half.put(), d, d, rows, false);
    }
    return d;
  }
}

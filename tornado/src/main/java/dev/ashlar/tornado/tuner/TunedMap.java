package dev.ashlar.tornado.tuner;

import dev.ashlar.nn.decoder.LinearSpec;
import dev.ashlar.nn.devicetuning.TuningJob;
import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.kernel.FakeQuantKernel;
import dev.ashlar.tornado.graph.Tasks;
import dev.ashlar.tornado.kernel.DeviceBatch;
import dev.ashlar.tornado.kernel.DeviceFakeQuant;
import dev.ashlar.tornado.kernel.DeviceGradients;
import dev.ashlar.tornado.kernel.DeviceProducts;
import dev.ashlar.tornado.kernel.DeviceRows;
import java.util.List;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** A linear map of the block, under tuning or float, and the tasks that it has a part in. */
final class TunedMap {
  /** What a tuned one has beside its weights, all on the device. */
  private record Tuned(
      FakeQuantKernel.Parameters start,
      FloatArray weight,
      FloatArray wMin,
      FloatArray wMax,
      FloatArray value,
      FloatArray minScale,
      FloatArray maxScale,
      FloatArray scales,
      FloatArray zeros,
      FloatArray gradient,
      FloatArray bestValue,
      FloatArray bestMinScale,
      FloatArray bestMaxScale) {
    static Tuned of(Tasks s, FakeQuantKernel.Parameters p) {
      int groups = p.wMin().length;
      int size = p.out() * p.in();
      return new Tuned(
          p,
          array(s, p.weight(), size, 0),
          array(s, p.wMin(), groups, 0),
          array(s, p.wMax(), groups, 0),
          array(s, p.value(), size, 0),
          array(s, p.minScale(), groups, 1),
          array(s, p.maxScale(), groups, 1),
          // Before the first build a step of nothing reads them.
          array(s, null, groups, 1),
          array(s, null, groups, 0),
          s.zeros(size),
          array(s, p.value(), size, 0),
          array(s, p.minScale(), groups, 1),
          array(s, p.maxScale(), groups, 1));
    }

    private static FloatArray array(Tasks s, float[] values, int n, float otherwise) {
      FloatArray array = new FloatArray(n);
      if (values == null) {
        array.init(otherwise);
      } else {
        for (int i = 0; i < n; i++) {
          array.set(i, values[i]);
        }
      }
      return s.stays(array);
    }
  }

  private final int out;
  private final int in;
  private final FloatArray used;
  private final FloatArray bias;
  private final Tuned tuned;

  /**
   * @param floats the matrix {@code [out, in]}, for maps that stay float
   * @param bias {@code [out]} or null
   * @param matrix how it is tuned, or null
   */
  TunedMap(Tasks tasks, LinearSpec spec, Tensor floats, Tensor bias, TuningJob.Matrix matrix) {
    this.out = spec.out();
    this.in = spec.in();
    this.bias = bias == null ? null : tasks.stays(FloatArray.fromArray(bias.data()));
    this.tuned = matrix == null ? null : Tuned.of(tasks, matrix.parameters());
    this.used =
        matrix == null
            ? tasks.stays(FloatArray.fromArray(floats.data()))
            : tasks.zeros(Math.multiplyExact(out, in));
  }

  int out() {
    return out;
  }

  private static int groupSize(FakeQuantKernel.Parameters p) {
    return p.scheme().effectiveGroup(p.in());
  }

  private static int flag(boolean is) {
    return is ? 1 : 0;
  }

  /** Keeps the parameters where {@code keep} says so, steps by {@code rates}, and makes ŵ. */
  void addStep(Tasks tasks, IntArray keep, FloatArray rates, float clampV) {
    Tuned t = tuned;
    copy(tasks, t.value(), t.bestValue(), keep);
    copy(tasks, t.minScale(), t.bestMinScale(), keep);
    copy(tasks, t.maxScale(), t.bestMaxScale(), keep);
    FakeQuantKernel.Parameters p = t.start();
    int size = groupSize(p);
    int bits = p.scheme().bits();
    int symmetric = flag(p.scheme().symmetric());
    int halfScales = flag(p.scheme().scaleType() == DType.F16);
    int exact = flag(p.exact());
    tasks.add(
        (g, id) ->
            g.task(
                id,
                DeviceFakeQuant::signStep,
                t.gradient(),
                t.weight(),
                t.wMin(),
                t.wMax(),
                t.value(),
                t.minScale(),
                t.maxScale(),
                t.scales(),
                t.zeros(),
                rates,
                out,
                in,
                size,
                bits,
                symmetric,
                halfScales,
                exact));
    if (clampV > 0) {
      int n = out * in;
      tasks.add((g, id) -> g.task(id, DeviceBatch::bounded, t.value(), n, clampV));
    }
    float bound = p.bound();
    tasks.add(
        (g, id) ->
            g.task(
                id,
                DeviceFakeQuant::forward,
                t.weight(),
                t.wMin(),
                t.wMax(),
                t.value(),
                t.minScale(),
                t.maxScale(),
                t.scales(),
                t.zeros(),
                used,
                out,
                in,
                size,
                bits,
                symmetric,
                halfScales,
                bound));
  }

  private static void copy(Tasks tasks, FloatArray from, FloatArray to, IntArray keep) {
    int n = from.getSize();
    tasks.add((g, id) -> g.task(id, DeviceBatch::copyWhen, from, to, keep, n));
  }

  /** {@code y [rows, out] = x [rows, in] · wᵀ + bias}. */
  void addForward(Tasks tasks, FloatArray x, FloatArray y, int rows) {
    tasks.add((g, id) -> g.task(id, DeviceProducts::xwt, x, used, y, rows, out, in, 0));
    if (bias != null) {
      tasks.add((g, id) -> g.task(id, DeviceRows::addBias, y, bias, rows, out));
    }
  }

  /** {@code dx (+)= dy · w}. */
  void addInputGradient(Tasks tasks, FloatArray dy, FloatArray dx, int rows, boolean add) {
    int keep = flag(add);
    tasks.add((g, id) -> g.task(id, DeviceProducts::xw, dy, used, dx, rows, in, out, keep));
  }

  /** The gradient of ŵ, as {@code mode} says; nothing for a map that stays float. */
  void addWeightGradient(Tasks tasks, FloatArray dy, FloatArray x, IntArray mode, int rows) {
    if (tuned != null) {
      int part = DeviceGradients.PART;
      FloatArray dw = tuned.gradient();
      tasks.add(
          (g, id) -> g.task(id, DeviceGradients::weights, dy, x, dw, mode, out, in, rows, part));
    }
  }

  /** What has to come to the host for {@link #kept}. */
  List<Object> best() {
    return List.of(tuned.bestValue(), tuned.bestMinScale(), tuned.bestMaxScale());
  }

  /** The parameters that were kept, once {@link #best} is on the host. */
  FakeQuantKernel.Parameters kept() {
    FakeQuantKernel.Parameters p = tuned.start();
    return new FakeQuantKernel.Parameters(
        p.scheme(),
        p.out(),
        p.in(),
        p.weight(),
        p.wMin(),
        p.wMax(),
        tuned.bestValue().toHeapArray(),
        tuned.bestMinScale().toHeapArray(),
        tuned.bestMaxScale().toHeapArray(),
        p.exact(),
        p.bound());
  }
}

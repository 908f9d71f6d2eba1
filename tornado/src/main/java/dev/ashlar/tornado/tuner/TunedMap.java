package dev.ashlar.tornado.tuner;

import dev.ashlar.nn.decoder.LinearSpec;
import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.kernel.FakeQuantKernel;
import dev.ashlar.tornado.graph.Products;
import dev.ashlar.tornado.graph.Tasks;
import dev.ashlar.tornado.kernel.DeviceBatch;
import dev.ashlar.tornado.kernel.DeviceFakeQuant;
import dev.ashlar.tornado.kernel.DeviceRows;
import java.util.List;
import java.util.function.Function;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** A linear map of the block, under tuning or float, and the tasks that it has a part in. */
final class TunedMap {
  /** What a tuned one has beside its weights, all on the device. */
  private record Tuned(
      FakeQuantKernel.Parameters like,
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
    static Tuned of(Tasks tasks, Loads loads, String name, FakeQuantKernel.Parameters like) {
      int groups = like.wMin().length;
      int size = like.out() * like.in();
      return new Tuned(
          like,
          array(loads, name, size, 0, FakeQuantKernel.Parameters::weight),
          array(loads, name, groups, 0, FakeQuantKernel.Parameters::wMin),
          array(loads, name, groups, 0, FakeQuantKernel.Parameters::wMax),
          array(loads, name, size, 0, FakeQuantKernel.Parameters::value),
          array(loads, name, groups, 1, FakeQuantKernel.Parameters::minScale),
          array(loads, name, groups, 1, FakeQuantKernel.Parameters::maxScale),
          // Before a block's first build a step of nothing reads these and the gradient.
          tasks.zeros(groups),
          tasks.zeros(groups),
          tasks.zeros(size),
          tasks.zeros(size),
          tasks.zeros(groups),
          tasks.zeros(groups));
    }

    private static FloatArray array(
        Loads loads,
        String name,
        int n,
        float otherwise,
        Function<FakeQuantKernel.Parameters, float[]> of) {
      return loads.floats(
          n, otherwise, values -> of.apply(values.job().matrices().get(name).parameters()));
    }
  }

  private final int out;
  private final int in;
  private final FloatArray used;
  private final FloatArray bias;
  private final Tuned tuned;

  /**
   * @param like a block's, of whom every other has the schemes and sizes; null for a map that stays
   *     float
   */
  TunedMap(Tasks tasks, Loads loads, LinearSpec spec, FakeQuantKernel.Parameters like) {
    this.out = spec.out();
    this.in = spec.in();
    this.bias =
        spec.bias()
            ? loads.floats(out, 0, values -> values.tensors().get(spec.name() + ".bias").data())
            : null;
    this.tuned = like == null ? null : Tuned.of(tasks, loads, spec.name(), like);
    int size = Math.multiplyExact(out, in);
    this.used =
        like == null
            ? loads.floats(
                size, 0, values -> values.weights().get(spec.name()).floats().orElseThrow().data())
            : tasks.zeros(size);
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
    FakeQuantKernel.Parameters p = t.like();
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
    Products.xwt(tasks, x, used, y, rows, out, in);
    if (bias != null) {
      tasks.add((g, id) -> g.task(id, DeviceRows::addBias, y, bias, rows, out));
    }
  }

  /** {@code dx (+)= dy · w}. */
  void addInputGradient(Tasks tasks, FloatArray dy, FloatArray dx, int rows, boolean add) {
    Products.xw(tasks, dy, used, dx, rows, in, out, flag(add));
  }

  /** The gradient of ŵ, as {@code mode} says; nothing for a map that stays float. */
  void addWeightGradient(Tasks tasks, FloatArray dy, FloatArray x, IntArray mode, int rows) {
    if (tuned != null) {
      Products.weightGradient(tasks, dy, x, tuned.gradient(), mode, out, in, rows);
    }
  }

  /** What has to come to the host for {@link #kept}. */
  List<Object> best() {
    return List.of(tuned.bestValue(), tuned.bestMinScale(), tuned.bestMaxScale());
  }

  /**
   * The parameters that were kept, once {@link #best} is on the host.
   *
   * @param p those that the block began with
   */
  FakeQuantKernel.Parameters kept(FakeQuantKernel.Parameters p) {
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

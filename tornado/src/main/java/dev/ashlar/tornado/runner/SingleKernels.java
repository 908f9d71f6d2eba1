package dev.ashlar.tornado.runner;

import dev.ashlar.nn.device.DeviceException;
import dev.ashlar.nn.device.DeviceKernels;
import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.kernel.FakeQuantKernel;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tornado.graph.Products;
import dev.ashlar.tornado.graph.Tasks;
import dev.ashlar.tornado.kernel.DeviceAttention;
import dev.ashlar.tornado.kernel.DeviceFakeQuant;
import dev.ashlar.tornado.kernel.DeviceProbes;
import dev.ashlar.tornado.kernel.DeviceProducts;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** The kernels of the runner and of training, each by itself, on the default device. */
public final class SingleKernels implements DeviceKernels {
  private final boolean groups;
  private final UnaryOperator<Work> guard;

  /**
   * Kernels as the runner chooses them.
   *
   * @param groups whether kernels of groups are used where there are any
   * @param guard makes sentences of the faults of work
   */
  public SingleKernels(boolean groups, UnaryOperator<Work> guard) {
    this.groups = groups;
    this.guard = guard;
  }

  private Work work(FloatArray result, List<Object> operands, Consumer<Tasks> kernel) {
    return guard.apply(KernelWork.of(groups, result, operands, kernel));
  }

  private static FloatArray zeros(int n) {
    FloatArray x = new FloatArray(n);
    x.init(0);
    return x;
  }

  @Override
  public Work product(Layout layout, int m, int n, int k, float[] a, float[] b) {
    FloatArray left = FloatArray.fromArray(a);
    FloatArray right = FloatArray.fromArray(b);
    FloatArray c = zeros(Math.multiplyExact(m, n));
    return work(
        c,
        List.of(left, right),
        tasks -> {
          switch (layout) {
            case XWT -> Products.xwt(tasks, left, right, c, m, n, k);
            case XW -> Products.xw(tasks, left, right, c, m, n, k, 0);
            case XTW ->
                tasks.add((g, id) -> g.task(id, DeviceProducts::xtw, left, right, c, m, n, k, 0));
          }
        });
  }

  @Override
  public Work packed(QuantizedMatrix w, int rows, float[] x) {
    DeviceWeight weight;
    try {
      weight = DeviceWeight.of(w);
    } catch (IllegalArgumentException e) {
      throw new DeviceException(e.getMessage(), e);
    }
    FloatArray in = FloatArray.fromArray(x);
    FloatArray y = zeros(Math.multiplyExact(rows, w.out()));
    IntArray active = IntArray.fromArray(new int[] {rows});
    DeviceLinear linear = new DeviceLinear(weight, null);
    List<Object> operands = new ArrayList<>(List.of(in, active));
    linear.addArrays(operands);
    return work(y, operands, tasks -> linear.add(tasks, in, y, active, rows));
  }

  @Override
  public Work attention(Attention sizes, float[] q, float[] k, float[] v) {
    int page = DevicePages.TOKENS;
    if (sizes.keys() % page != 0 || sizes.headDim() > DeviceAttention.LARGEST_HEAD) {
      throw new DeviceException(
          "attention on a device takes keys in pages of "
              + page
              + " and heads of at most "
              + DeviceAttention.LARGEST_HEAD
              + " elements: "
              + sizes);
    }
    int rows = sizes.sequences() * sizes.queries();
    int pages = sizes.keys() / page;
    int[] places = new int[2 * rows];
    for (int r = 0; r < rows; r++) {
      places[2 * r] = r / sizes.queries();
      places[2 * r + 1] = sizes.keys() - sizes.queries() + r % sizes.queries();
    }
    int[] table = new int[sizes.sequences() * pages];
    for (int i = 0; i < table.length; i++) {
      table[i] = i;
    }
    FloatArray queries = FloatArray.fromArray(q);
    FloatArray keys = FloatArray.fromArray(k);
    FloatArray values = FloatArray.fromArray(v);
    IntArray where = IntArray.fromArray(places);
    IntArray pageOf = IntArray.fromArray(table);
    FloatArray biases = new FloatArray(2 * sizes.heads());
    for (int h = 0; h < sizes.heads(); h++) {
      biases.set(2 * h, 0);
      biases.set(2 * h + 1, DeviceAttention.NO_SINK);
    }
    FloatArray out = zeros(q.length);
    int heads = sizes.heads();
    int kvHeads = sizes.kvHeads();
    int dim = sizes.headDim();
    float scale = sizes.scale();
    int items = Tasks.ITEMS;
    return work(
        out,
        List.of(queries, keys, values, where, pageOf, biases),
        tasks -> {
          if (tasks.usesGroups()) {
            tasks.addGroups(
                rows * heads,
                items,
                (g, id) ->
                    g.task(
                        id,
                        DeviceAttention::attendByGroups,
                        tasks.context(),
                        queries,
                        keys,
                        values,
                        where,
                        pageOf,
                        biases,
                        out,
                        heads,
                        kvHeads,
                        dim,
                        dim,
                        scale,
                        0,
                        0f,
                        page,
                        pages,
                        items));
          } else {
            tasks.add(
                (g, id) ->
                    g.task(
                        id,
                        DeviceAttention::attend,
                        queries,
                        keys,
                        values,
                        where,
                        pageOf,
                        biases,
                        out,
                        rows,
                        heads,
                        kvHeads,
                        dim,
                        dim,
                        scale,
                        0,
                        0f,
                        page,
                        pages));
          }
        });
  }

  /** Parameters of the quantizer on the device. */
  private record Quantizer(
      int out,
      int in,
      int size,
      int bits,
      int symmetric,
      int half,
      FloatArray weight,
      FloatArray min,
      FloatArray max,
      FloatArray value,
      FloatArray low,
      FloatArray high) {
    static Quantizer of(FakeQuantKernel.Parameters p) {
      return new Quantizer(
          p.out(),
          p.in(),
          p.scheme().effectiveGroup(p.in()),
          p.scheme().bits(),
          p.scheme().symmetric() ? 1 : 0,
          p.scheme().scaleType() == DType.F16 ? 1 : 0,
          FloatArray.fromArray(p.weight()),
          FloatArray.fromArray(p.wMin()),
          FloatArray.fromArray(p.wMax()),
          FloatArray.fromArray(p.value()),
          FloatArray.fromArray(p.minScale()),
          FloatArray.fromArray(p.maxScale()));
    }
  }

  @Override
  public Work fakeQuantize(FakeQuantKernel.Parameters p) {
    Quantizer q = Quantizer.of(p);
    FloatArray scales = zeros(p.wMin().length);
    FloatArray codes = zeros(p.wMin().length);
    FloatArray quantized = zeros(p.weight().length);
    float bound = p.bound();
    return work(
        quantized,
        List.of(q.weight, q.min, q.max, q.value, q.low, q.high, scales, codes),
        tasks ->
            tasks.add(
                (g, id) ->
                    g.task(
                        id,
                        DeviceFakeQuant::forward,
                        q.weight,
                        q.min,
                        q.max,
                        q.value,
                        q.low,
                        q.high,
                        scales,
                        codes,
                        quantized,
                        q.out,
                        q.in,
                        q.size,
                        q.bits,
                        q.symmetric,
                        q.half,
                        bound)));
  }

  @Override
  public Work signStep(
      FakeQuantKernel.Parameters p, float[] gradient, float[] scales, byte[] zeros, float rate) {
    Quantizer q = Quantizer.of(p);
    FloatArray d = FloatArray.fromArray(gradient);
    FloatArray s = FloatArray.fromArray(scales);
    FloatArray z = zeros(zeros.length);
    for (int i = 0; i < zeros.length; i++) {
      z.set(i, zeros[i] & 0xFF);
    }
    FloatArray rates = FloatArray.fromArray(new float[] {rate, rate});
    int exact = p.exact() ? 1 : 0;
    return work(
        q.value,
        List.of(d, q.weight, q.min, q.max, q.low, q.high, s, z, rates),
        tasks ->
            tasks.add(
                (g, id) ->
                    g.task(
                        id,
                        DeviceFakeQuant::signStep,
                        d,
                        q.weight,
                        q.min,
                        q.max,
                        q.value,
                        q.low,
                        q.high,
                        s,
                        z,
                        rates,
                        q.out,
                        q.in,
                        q.size,
                        q.bits,
                        q.symmetric,
                        q.half,
                        exact)));
  }

  @Override
  public Work multiplyAdds(int items, int steps) {
    FloatArray sums = zeros(items);
    FloatArray factors = FloatArray.fromArray(new float[] {0.999f, 0.001f});
    return work(
        sums,
        List.of(factors),
        tasks ->
            tasks.add(
                (g, id) -> g.task(id, DeviceProbes::multiplyAdds, sums, factors, items, steps)));
  }

  @Override
  public Work copy(float[] x) {
    FloatArray from = FloatArray.fromArray(x);
    FloatArray to = zeros(x.length);
    int n = x.length;
    return work(
        to,
        List.of(from),
        tasks -> tasks.add((g, id) -> g.task(id, DeviceProbes::copy, from, to, n)));
  }
}

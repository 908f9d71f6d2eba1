package dev.ashlar.tuning.layerwise;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.kernel.FakeQuantKernel;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.quant.QuantizedTensor;
import dev.ashlar.tuning.method.Layerwise;
import dev.ashlar.tuning.method.LinearLayer;
import dev.ashlar.tuning.method.LinearQuantizer;
import dev.ashlar.tuning.method.Method;
import dev.ashlar.tuning.method.TuningException;
import java.util.List;

/**
 * Round-to-nearest: the grid spans each group's minimum and maximum (both taken to include zero),
 * every weight goes to its nearest code (algorithm specification 2.1, 2.2 and 6.1).
 */
public final class RoundToNearest implements LinearQuantizer {
  /** How users call it. */
  public static final Method METHOD =
      new Method(
          "rtn",
          "round to nearest on the min/max grid of each group; needs no data",
          List.of(),
          options -> new Layerwise(new RoundToNearest(), "rtn"));

  /** Weights below which another thread does not pay. */
  private static final int GRAIN = 1 << 14;

  /** The method; it has no state. */
  public RoundToNearest() {}

  @Override
  public Work begin(LinearLayer layer) {
    return () -> quantize(layer);
  }

  /**
   * The codes of a layer.
   *
   * @throws TuningException if a group spans more than its scale type can hold
   */
  public static QuantizedTensor quantize(LinearLayer layer) {
    QuantScheme scheme = layer.scheme();
    int out = layer.out();
    int in = layer.in();
    int groups = scheme.groups(in);
    byte[] codes = new byte[Math.multiplyExact(out, in)];
    float[] scales = new float[out * groups];
    byte[] zeros = new byte[out * groups];
    float[] wMin = new float[out * groups];
    float[] wMax = new float[out * groups];
    float[] w = layer.weight().data();
    FakeQuantKernel kernel = Backends.chosen().fakeQuant();
    FakeQuantKernel.Parameters p =
        new FakeQuantKernel.Parameters(scheme, out, in, w, wMin, wMax, null, null, null);
    Parallel.rows(
        out,
        Math.max(1, GRAIN / in),
        (from, to) -> {
          kernel.range(scheme, from, to, in, w, wMin, wMax);
          kernel.forward(p, from, to, null, codes, scales, zeros);
        });
    requireScales(layer.name(), scheme, in, scales);
    return new QuantizedTensor(out, in, scheme, codes, scales, zeros);
  }

  /**
   * Refuses scales that overflowed (specification 2.4).
   *
   * @param scales {@code [out, groups]}
   * @throws TuningException naming the layer, the row and the group
   */
  public static void requireScales(String name, QuantScheme scheme, int in, float[] scales) {
    int groups = scheme.groups(in);
    for (int i = 0; i < scales.length; i++) {
      if (!Float.isFinite(scales[i])) {
        throw new TuningException(
            name,
            "row "
                + i / groups
                + ", group "
                + i % groups
                + " spans more than a "
                + scheme.scaleType()
                + " scale of a "
                + scheme.bits()
                + "-bit grid can hold; leave this layer float or use more bits");
      }
    }
  }
}
